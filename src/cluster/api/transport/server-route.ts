import { Agent as HTTPAgent, type ClientRequest } from 'node:http';
import { Agent as HTTPSAgent } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { Failure } from '../../../failure/failure.ts';
import { type ChosenProxy, chooseEnvironmentProxy } from './proxy-choice.ts';

/** TLS settings, for the API server and for a proxy that is reached by TLS, as in Go. */
export type TLSSettings = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'allowPartialTrustChain'
>;

/** The way to a server: directly, or through a proxy. */
export interface ServerRoute {
  /** Makes the connections, and keeps them for further requests. */
  agent: HTTPSAgent;
  /** What stands between here and the server, for messages: ` through the proxy … (HTTPS_PROXY)`; empty if nothing. */
  via: string;
}

/** What decides on the way. */
export interface RouteOptions {
  server: URL;
  /** The server, for messages; `the API server` when it is left out. */
  what?: string;
  /** `proxy-url` of the kubeconfig; null without one. */
  proxyURL: string | null;
  environment: NodeJS.ProcessEnv;
  tls: TLSSettings;
}

const proxyURLSchemes = ['http:', 'https:', 'socks5:', 'socks5h:'];

/**
 * Decides on the way to a server, as kubectl does: `proxy-url` first, then the environment.
 * @throws Failure `configuration` for a proxy-url that can't be used.
 */
export async function chooseRoute({
  server,
  what = 'the API server',
  proxyURL,
  environment,
  tls,
}: RouteOptions): Promise<ServerRoute> {
  const proxy = proxyURL ? parseProxyURL(proxyURL) : chooseEnvironmentProxy(server, environment);
  if (proxy === null) {
    const isPlain = server.protocol === 'http:';
    return {
      agent: isPlain
        ? (new HTTPAgent({ keepAlive: true }) as HTTPSAgent)
        : new HTTPSAgent({ keepAlive: true }),
      via: '',
    };
  }
  const via = ` through the proxy ${formatProxy(proxy)}`;
  const complaint = `${what} ${server.host} can't be reached${via}`;
  return { agent: (await createProxyAgent(server, proxy, tls, complaint)) as HTTPSAgent, via };
}

/** The answer to CONNECT, as https-proxy-agent tells it. */
interface ProxyAnswer {
  statusCode: number;
  statusText: string;
}

function parseProxyURL(text: string): ChosenProxy {
  const url = URL.parse(text);
  if (url !== null && proxyURLSchemes.includes(url.protocol) && url.hostname !== '')
    return { url, source: 'proxy-url' };
  throw new Failure(
    'configuration',
    `the proxy-url of the kubeconfig can't be used: ${url === null ? 'it is not a URL' : `its scheme is not http, https or socks5`}`,
    'It is written as http://HOST:PORT.',
  );
}

/**
 * Loads a package whose messages for its developers, which the variable DEBUG asks for, show the proxy's password. The
 * variable is read once, when the package is loaded: https://github.com/debug-js/debug#environment-variables
 */
async function importQuietly<Module>(load: () => Promise<Module>): Promise<Module> {
  const { DEBUG } = process.env;
  delete process.env['DEBUG'];
  try {
    return await load();
  } finally {
    if (DEBUG !== undefined) process.env['DEBUG'] = DEBUG;
  }
}

/** The packages are loaded only where there is a proxy. */
async function createProxyAgent(
  server: URL,
  { url }: ChosenProxy,
  tls: TLSSettings,
  complaint: string,
): Promise<HTTPAgent> {
  if (url.protocol.startsWith('socks')) {
    const { SocksProxyAgent } = await importQuietly(() => import('socks-proxy-agent'));
    // Go lets the proxy resolve names, which this package calls socks5h.
    const address = url.href.replace(/^socks5:/, 'socks5h:');
    return new SocksProxyAgent(address, { keepAlive: true });
  }
  const options = { ...(url.protocol === 'https:' && tls), keepAlive: true };
  if (server.protocol === 'http:') {
    const { HttpProxyAgent } = await importQuietly(() => import('http-proxy-agent'));
    return new HttpProxyAgent(url.href, options);
  }
  const { HttpsProxyAgent } = await importQuietly(() => import('https-proxy-agent'));
  const agent = new HttpsProxyAgent(url.href, options);
  // The package hands the proxy's refusal on as if it were the API server's answer.
  agent.on('proxyConnect', ({ statusCode, statusText }: ProxyAnswer, request: ClientRequest) => {
    if (statusCode !== 200) request.destroy(describeRefusal(complaint, `${statusCode} ${statusText}`));
  });
  return agent;
}

function describeRefusal(complaint: string, status: string): Failure {
  return new Failure(
    'connection',
    `${complaint}: the proxy answered ${status.trim()}`,
    status.startsWith('407')
      ? 'The proxy wants a user and a password: http://USER:PASSWORD@HOST:PORT.'
      : 'Ask whoever runs the proxy whether it may connect there.',
  );
}

function formatProxy({ url, source }: ChosenProxy): string {
  return `${url.protocol}//${url.host} (${source})`;
}
