import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { imagePlatforms, getNativePlatform } from '../images/image-platform.ts';
import { pushImages } from '../images/image-push.ts';
import { importBase, installBuilder, runWithStorage, type BuiltImage } from '../images/image-storage.ts';
import { readPackageSources } from '../images/package-sources.ts';
import packageJSON from '../package.json' with { type: 'json' };
import { runCommand } from '../images/machine/run-command.ts';
import { startImageRegistry, type ImageRegistry } from './harness/image-registry.ts';

const checkout = join(import.meta.dirname, '..');
const ociTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
] as const;
const platformSchema = z.object({ architecture: z.string(), os: z.string() });
const indexSchema = z.object({
  mediaType: z.literal(ociTypes[0]),
  manifests: z.array(z.object({ digest: z.string(), platform: platformSchema })),
});
const manifestSchema = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() })),
});
const configSchema = platformSchema.extend({
  created: z.string(),
  config: z.object({ Labels: z.record(z.string(), z.string()) }),
  history: z.array(z.object({ created_by: z.string().optional() })),
});

let registry: ImageRegistry;
beforeAll(async () => {
  registry = await startImageRegistry();
}, 120_000);
afterAll(() => registry.close());

async function request(path: string): Promise<Response> {
  const response = await fetch(`http://${registry.host}/v2/${path}`, {
    headers: { accept: ociTypes.join(', ') },
  });
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  return response;
}

async function readImage(name: string, tag: string) {
  const response = await request(`${name}/manifests/${tag}`);
  const manifest = manifestSchema.parse(await response.json());
  const config = await request(`${name}/blobs/${manifest.config.digest}`);
  return {
    digest: response.headers.get('docker-content-digest'),
    layers: manifest.layers.map(({ digest }) => digest),
    config: configSchema.parse(await config.json()),
  };
}

/** What could say how a machine reaches packages, by path; in the agent's image the toolbox is below /toolbox. */
async function readSettings(name: string, layers: string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const digest of layers) {
    const { body } = await request(`${name}/blobs/${digest}`);
    const entries = Readable.fromWeb(body as never)
      .pipe(createGunzip())
      .pipe(extract());
    for await (const entry of entries) {
      const path = entry.header.name.replace(/^(\.\/)?(toolbox\/)?/, '');
      const wanted = /^(etc|root|run|var\/log|usr\/local|usr\/share\/ca-certificates)\//.test(path);
      if (entry.header.type !== 'file' || !wanted) entry.resume();
      else found.set(path, [...(found.get(path) ?? []), await text(entry)]);
    }
  }
  return found;
}

describe.each(['toolbox', 'agent'])('npm run images -- --push: the %s', (name) => {
  const { version } = packageJSON;
  let printed: string;
  let image: Awaited<ReturnType<typeof readImage>>;
  let settings: Map<string, string[]>;

  beforeAll(async () => {
    const repository = `${registry.host}/crashcart`;
    printed = await pushOnce(repository);
    image = await readImage(`crashcart/${name}`, version);
    settings = await readSettings(`crashcart/${name}`, image.layers);
  }, 180_000);

  test('is there by its version, and was printed with the digest that it has there', () => {
    expect(printed.split('\n')).toContain(
      `${registry.host}/crashcart/${name}:${version}@${image.digest ?? 'nothing'}`,
    );
  });

  test('says what it is of, and when that was', async () => {
    const commit = await runCommand('git', ['log', '-1', '--format=%H %ct'], { cwd: checkout });
    const [revision = '', seconds] = commit.trim().split(' ');
    const { architecture, os, config, created } = image.config;
    expect(`${os}/${architecture}`).toBe(getNativePlatform().name);
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.title': `kubectl-crashcart ${name}`,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': expect.stringMatching(`^${revision}(-dirty)?$`),
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
    expect(Date.parse(config.Labels['org.opencontainers.image.created'] ?? '')).toBe(Number(seconds) * 1000);
    expect(Date.parse(created)).toBe(Number(seconds) * 1000);
  });

  test('reaches packages as the distribution does, not as the machine that built it', async () => {
    expect(settings.get('etc/apt/sources.list')).toEqual([
      `deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://security.debian.org/debian-security bookworm-security main
`,
    ]);
    const { lines, settings: ofMachine } = await readPackageSources();
    const told = [
      ...lines,
      ...ofMachine,
      ...[process.env['PIP_INDEX_URL']].filter((url) => url !== undefined),
    ];
    const leaks = [...settings].flatMap(([path, versions]) =>
      told
        .filter((line) => versions.some((content) => content.includes(line)))
        .map((line) => ({ path, line })),
    );
    expect(leaks).toEqual([]);
    const apt = [...settings].filter(([path]) =>
      /^etc\/apt\/(apt\.conf|auth|sources|preferences)/.test(path),
    );
    expect(apt.map(([path]) => path).toSorted()).toEqual([
      'etc/apt/apt.conf.d/01autoremove',
      'etc/apt/apt.conf.d/70debconf',
      'etc/apt/apt.conf.d/99mmdebstrap',
      'etc/apt/sources.list',
    ]);
    expect(settings.get('etc/apt/apt.conf.d/99mmdebstrap')).toEqual(['Acquire::Languages "none";\n']);
    expect(JSON.stringify(image.config.history)).not.toMatch(/PIP_INDEX_URL|proxy/i);
  });

  test('trusts the certificate authorities of its own packages alone', () => {
    const read = (pattern: RegExp) =>
      [...settings]
        .filter(([path]) => pattern.test(path))
        .flatMap(([, versions]) => versions.join('\n').match(/-----BEGIN[^-]+-----[^-]+-----END/g) ?? []);
    const known = new Set(read(/^usr\/share\/ca-certificates\//));
    const trusted = read(/^(etc\/ssl\/certs|usr\/local\/share\/ca-certificates|run\/secrets)\//);
    expect(trusted.length).toBeGreaterThan(100);
    expect(trusted.filter((certificate) => !known.has(certificate))).toEqual([]);
  });
});

let pushed: Promise<string> | null = null;
/** Both images by one command, for the tests of either. */
function pushOnce(repository: string): Promise<string> {
  const args = ['e2e/build-images.ts', '--push', repository, '--insecure-registry'];
  const env = { ...process.env, SOURCE_DATE_EPOCH: '' };
  pushed ??= runCommand(process.execPath, args, { cwd: checkout, env, timeoutMs: 150_000 });
  return pushed;
}

test('images of several platforms are pushed as one index, by whose digest each machine gets its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'crashcart-index-'));
  const images: BuiltImage[] = imagePlatforms.map((platform) => ({
    reference: `crashcart.dev/small-${platform.arch}:${process.pid}`,
    archive: join(folder, 'none.tar'),
    platform,
  }));
  try {
    await installBuilder();
    for (const { reference, platform } of images) {
      await writeFile(join(folder, 'arch'), platform.arch);
      await runCommand('tar', ['-cf', join(folder, 'root.tar'), '-C', folder, 'arch']);
      await importBase(reference, join(folder, 'root.tar'), platform);
    }
    const labels = { 'org.opencontainers.image.version': '1.2.3' };
    const provenance = { version: '1.2.3', createdSeconds: 1_600_000_000, labels };
    const destination = `${registry.host}/small:1.2.3`;
    const reference = await pushImages(images, destination, { provenance, insecure: true });
    const response = await request('small/manifests/1.2.3');
    expect(reference).toBe(`${destination}@${response.headers.get('docker-content-digest') ?? 'nothing'}`);
    const { manifests } = indexSchema.parse(await response.json());
    expect(manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`)).toEqual([
      'linux/amd64',
      'linux/arm64',
    ]);
    for (const { digest, platform } of manifests) {
      const { config } = await readImage('small', digest);
      expect(config).toMatchObject({ ...platform, config: { Labels: labels } });
      expect(Date.parse(config.created)).toBe(1_600_000_000_000);
    }
  } finally {
    await runWithStorage(
      'buildah rmi "$@"',
      images.map(({ reference }) => reference),
    );
    await rm(folder, { recursive: true });
  }
}, 60_000);
