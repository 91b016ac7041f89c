import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';

/** As whom a request was sent. */
export interface SentIdentity {
  authorization: string | null;
  /** Common name of the client certificate. */
  certificate: string | null;
  /** Headers of impersonation, without their common beginning. */
  impersonation: Record<string, string>;
}

/** A played API server that has no objects, and remembers who asked. */
export interface IdentityServer {
  address: string;
  /** Path of its certificate, which is its own authority. */
  authority: string;
  /** The identities of all requests since the last call, each once. */
  takeIdentities(): SentIdentity[];
  /** Values of Authorization that are answered 401. */
  refused: Set<string>;
  close(): void;
}

/** @param directory for its key and certificate. */
export async function startIdentityServer(directory: string): Promise<IdentityServer> {
  const [key, authority] = [join(directory, 'server.key'), join(directory, 'server.crt')];
  const subject = [
    '-subj',
    '/CN=server',
    '-addext',
    'subjectAltName=IP:127.0.0.1,IP:127.0.0.2,DNS:server.lab',
  ];
  makeCertificate(key, authority, subject);
  const identities: SentIdentity[] = [];
  const refused = new Set<string>();
  const tls = { key: readFileSync(key), cert: readFileSync(authority) };
  const server = createServer(
    { ...tls, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { authorization = null, ...headers } = request.headers;
      const impersonated = Object.entries(headers).flatMap(([name, value]) => {
        const [, what] = /^impersonate-(.*)$/.exec(name) ?? [];
        return what === undefined ? [] : [[what, String(value)]];
      });
      // One of Node's types is that of a certificate, which an absent one is not.
      const certificate = (request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } };
      identities.push({
        authorization,
        certificate: certificate.subject?.CN ?? null,
        impersonation: Object.fromEntries(impersonated) as Record<string, string>,
      });
      request.resume();
      response.setHeader('Content-Type', 'application/json');
      response.statusCode = refused.has(authorization ?? '') ? 401 : 200;
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'Unauthorized',
        code: 401,
      };
      const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] };
      response.end(
        JSON.stringify(response.statusCode === 401 ? { ...status, message: 'Unauthorized' } : list),
      );
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authority,
    refused,
    takeIdentities: () => {
      const texts = new Set(identities.splice(0).map((identity) => JSON.stringify(identity)));
      return [...texts].map((text) => JSON.parse(text) as SentIdentity);
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Makes a key, and a certificate that it signs itself. */
export function makeCertificate(key: string, certificate: string, subject: string[]): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', certificate, ...subject], {
    stdio: 'ignore',
  });
}
