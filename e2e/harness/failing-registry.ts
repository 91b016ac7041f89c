import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry of which no image can be pulled; each of its repositories fails in its own way. */
export interface FailingRegistry {
  /** As it stands in references; it speaks HTTP. */
  host: string;
  close(): void;
}

const indexType = 'application/vnd.oci.image.index.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** What the distribution API refuses with: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
const refusals: Record<string, [status: number, code: string, headers?: Record<string, string>]> = {
  'no-tag': [404, 'MANIFEST_UNKNOWN'],
  'no-repository': [404, 'NAME_UNKNOWN'],
  forbidden: [403, 'DENIED'],
  unauthorized: [401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="tests"' }],
  unavailable: [503, 'UNAVAILABLE'],
};

interface Content {
  type: string;
  bytes: Buffer;
}

/** A repository: a manifest, and blobs by digest. */
interface RepositoryContents {
  manifest: Content;
  blobs: Map<string, Buffer>;
}

/** The repositories that refuse nothing. */
function describeContents(): Record<string, RepositoryContents> {
  const layer = Buffer.from('this is no archive');
  const image = describeImage(layer, layer);
  const index = describeJSON({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [
      {
        mediaType: manifestType,
        ...describeBlob(image.manifest.bytes),
        platform: { architecture: 's390x', os: 'linux' },
      },
    ],
  });
  return {
    'other-platform': { manifest: { type: indexType, bytes: index }, blobs: new Map() },
    'no-archive': image,
    // A layer of its own: of one that a node has, the node asks no registry.
    'other-bytes': describeImage(
      Buffer.from('these bytes are promised'),
      Buffer.from('these bytes are received'),
    ),
  };
}

/** Describes an image of one layer. @param served what comes in place of the layer. */
function describeImage(layer: Buffer, served: Buffer): RepositoryContents {
  const config = describeJSON({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [hash(layer)] },
  });
  const bytes = describeJSON({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...describeBlob(config) },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...describeBlob(layer) }],
  });
  const blobs = new Map([
    [hash(config), config],
    [hash(layer), served],
  ]);
  return { manifest: { type: manifestType, bytes }, blobs };
}

/** @param address where it listens, on a free port. */
export async function startFailingRegistry(address: string): Promise<FailingRegistry> {
  const contents = describeContents();
  const server = createServer(({ url: target = '', method }, response) => {
    // Without the query, in which containerd names the registry that this one stands for.
    const [url = ''] = target.split('?');
    const [, repository = '', kind, reference = ''] =
      /^\/v2\/([^/]+)\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const refusal = refusals[repository];
    const content = contents[repository];
    if (url === '/v2/') send(response, { type: 'application/json', bytes: Buffer.from('{}') }, method);
    else if (refusal) refuse(response, ...refusal);
    else if (kind === 'manifests' && content) send(response, content.manifest, method);
    else {
      const bytes = content?.blobs.get(reference);
      if (bytes) send(response, { type: 'application/octet-stream', bytes }, method);
      else refuse(response, 404, 'BLOB_UNKNOWN');
    }
  });
  await once(server.listen(0, address), 'listening');
  return {
    host: `${address}:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function send(response: ServerResponse, { type, bytes }: Content, method = 'GET'): void {
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Docker-Content-Digest': hash(bytes),
  });
  response.end(method === 'HEAD' ? undefined : bytes);
}

function refuse(response: ServerResponse, status: number, code: string, headers = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message: `the registry says ${code}` }] }));
}

function describeJSON(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function describeBlob(bytes: Buffer): { digest: string; size: number } {
  return { digest: hash(bytes), size: bytes.length };
}

function hash(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
