import { afterEach, beforeAll, afterAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHTTPServer, request as requestHTTP, type RequestListener } from 'node:http';
import { createServer as createHTTPSServer, request as requestHTTPS } from 'node:https';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ProxyServer, startHTTPProxy, startSOCKSProxy } from '../../testing/proxy-servers.ts';
import { chooseRoute, type RouteOptions } from './server-route.ts';

/** Only a proxy knows where that is. */
const name = 'api.lab.invalid';
const answer: RequestListener = (_request, response) => response.end('from the API server');

let directory: string;
let authority: string;
let tls: { key: string; cert: string };
const servers = { plain: createHTTPServer(answer), secure: createHTTPSServer(answer) };
const ports = { plain: 0, secure: 0 };
let proxy: ProxyServer | null = null;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'crashcart-route-'));
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  const subject = ['-subj', '/CN=route', '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  execFileSync('openssl', ['req', '-x509', ...made, '-out', cert, ...subject], { stdio: 'ignore' });
  tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  authority = tls.cert;
  servers.secure.setSecureContext(tls);
  for (const kind of ['plain', 'secure'] as const) {
    servers[kind].listen(0, '127.0.0.1');
    await once(servers[kind], 'listening');
    ports[kind] = (servers[kind].address() as AddressInfo).port;
  }
});

afterAll(() => {
  for (const server of Object.values(servers)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(directory, { recursive: true });
});

afterEach(() => proxy?.close());

const findSecure = (): [string, number] => ['127.0.0.1', ports.secure];
const findPlain = (): [string, number] => ['127.0.0.1', ports.plain];

/** @returns what the API server answers on the way that is chosen. */
async function ask(options: Partial<RouteOptions> = {}): Promise<string> {
  const server = options.server ?? new URL(`https://${name}:6443/`);
  const trust = { ca: [authority], rejectUnauthorized: true };
  const route = await chooseRoute({ server, proxyURL: null, environment: {}, tls: trust, ...options });
  const send = server.protocol === 'http:' ? requestHTTP : requestHTTPS;
  const request = send(server, { ...trust, ...options.tls, agent: route.agent });
  request.end();
  try {
    return await new Promise((resolve, reject) => {
      request.once('error', reject).once('response', (response) => void text(response).then(resolve, reject));
    });
  } finally {
    route.agent.destroy();
  }
}

describe('an API server is reached', () => {
  test('directly', async () => {
    expect(await ask({ server: new URL(`https://127.0.0.1:${ports.secure}/`) })).toBe('from the API server');
  });

  test('through the HTTP proxy of the environment, which resolves the name', async () => {
    proxy = await startHTTPProxy(findSecure);
    expect(await ask({ environment: { HTTPS_PROXY: `127.0.0.1:${proxy.port}` } })).toBe(
      'from the API server',
    );
    expect(proxy.asked).toEqual([`${name}:6443`]);
  });

  test('through a SOCKS5 proxy, which resolves the name', async () => {
    proxy = await startSOCKSProxy(findSecure);
    expect(await ask({ proxyURL: `socks5://127.0.0.1:${proxy.port}` })).toBe('from the API server');
    expect(proxy.asked).toEqual([`${name}:6443`]);
  });

  test('through a proxy that is reached by TLS, and has a certificate of the same authority', async () => {
    proxy = await startHTTPProxy(findSecure, { tls });
    expect(await ask({ proxyURL: `https://127.0.0.1:${proxy.port}` })).toBe('from the API server');
  });

  test('through a proxy that wants a user and a password', async () => {
    proxy = await startHTTPProxy(findSecure, { credentials: 'user:pass word' });
    expect(await ask({ proxyURL: `http://user:pass%20word@127.0.0.1:${proxy.port}` })).toBe(
      'from the API server',
    );
  });

  test('without TLS through HTTP_PROXY, by a request with the whole URL', async () => {
    proxy = await startHTTPProxy(findPlain);
    const server = new URL(`http://${name}:8080/`);
    expect(await ask({ server, environment: { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` } })).toBe(
      'from the API server',
    );
    expect(proxy.asked).toEqual([`http://${name}:8080/`]);
  });

  test('through proxy-url, whatever the environment says', async () => {
    proxy = await startHTTPProxy(findSecure);
    const environment = { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: name };
    expect(await ask({ proxyURL: `http://127.0.0.1:${proxy.port}`, environment })).toBe(
      'from the API server',
    );
  });
});

describe('a refusal', () => {
  test('of a proxy is not taken for an answer of the API server', async () => {
    proxy = await startHTTPProxy(findSecure, { refusal: '403 Forbidden' });
    const url = `http://127.0.0.1:${proxy.port}`;
    await expect(ask({ proxyURL: url })).rejects.toMatchObject({
      code: 'connection',
      message: `the API server ${name}:6443 can't be reached through the proxy ${url} (proxy-url): the proxy answered 403 Forbidden`,
    });
  });

  test('for missing credentials says how to give them, and holds none', async () => {
    proxy = await startHTTPProxy(findSecure, { credentials: 'user:right' });
    const asking = ask({ environment: { https_proxy: `http://user:wrong@127.0.0.1:${proxy.port}` } });
    const error = await asking.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ hint: expect.stringContaining('http://USER:PASSWORD@HOST:PORT') });
    expect(String(error)).toContain('(https_proxy): the proxy answered 407 Proxy Authentication Required');
    expect(String(error)).not.toContain('wrong');
  });

  test.each(['ftp://proxy', 'proxy:3128', 'http://'])('of the proxy-url %s is at once', async (proxyURL) => {
    await expect(ask({ proxyURL })).rejects.toMatchObject({ code: 'configuration' });
  });

  test('of a proxy’s certificate that nobody vouches for can’t be switched off by the environment', async () => {
    proxy = await startHTTPProxy(findSecure, { tls });
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const trust = { ca: [], rejectUnauthorized: true };
      await expect(ask({ proxyURL: `https://127.0.0.1:${proxy.port}`, tls: trust })).rejects.toThrow(
        /self-signed/,
      );
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });
});

test.each([
  'http://ada:s3cret@127.0.0.1:1',
  'https://ada:s3cret@127.0.0.1:1',
  'socks5://ada:s3cret@127.0.0.1:1',
])('messages that DEBUG asks for do not show the password of %s', (proxyURL) => {
  const module = new URL('server-route.ts', import.meta.url).href;
  const script = `
      const { chooseRoute } = await import('${module}');
      const { request } = await import('node:https');
      const server = new URL('https://api.lab.invalid');
      const { agent } = await chooseRoute({ server, proxyURL: '${proxyURL}', environment: {}, tls: {} });
      request(server, { agent }).on('error', () => console.error('failed', process.env.DEBUG)).end();`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    ...{ env: { DEBUG: '*' }, encoding: 'utf8' },
  });
  expect(stderr).toMatch(/failed \*\n$/);
  expect(stderr).not.toContain('s3cret');
});
