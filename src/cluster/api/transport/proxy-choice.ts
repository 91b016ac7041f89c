import { BlockList, isIP } from 'node:net';

/** A proxy, and what names it. */
export interface ChosenProxy {
  url: URL;
  /** `proxy-url` of the kubeconfig, or the environment's variable. */
  source: string;
}

const defaultPorts: Record<string, string> = { 'http:': '80', 'https:': '443' };

/**
 * Chooses the proxy to a server by the environment, as Go's HTTP client does, and so kubectl:
 * https://pkg.go.dev/golang.org/x/net/http/httpproxy
 * @returns null when the way is direct.
 */
export function chooseEnvironmentProxy(server: URL, environment: NodeJS.ProcessEnv): ChosenProxy | null {
  const isTLS = server.protocol === 'https:';
  // A CGI program gets the client's header "Proxy" as HTTP_PROXY: https://httpoxy.org
  if (!isTLS && environment['REQUEST_METHOD']) return null;
  const found = findVariable(environment, isTLS ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const url = found && parseProxyAddress(found.value);
  if (!url || isReachedDirectly(server, findVariable(environment, 'NO_PROXY')?.value ?? '')) return null;
  return { url, source: found.name };
}

/** The upper case counts first. An empty variable counts as unset. */
function findVariable(environment: NodeJS.ProcessEnv, name: string): { name: string; value: string } | null {
  for (const spelling of [name, name.toLowerCase()]) {
    const value = environment[spelling];
    if (value) return { name: spelling, value };
  }
  return null;
}

/** @returns null for what is not an address, which Go ignores; `host:port` is an HTTP proxy. */
function parseProxyAddress(text: string): URL | null {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text);
  return URL.parse(hasScheme ? text : `http://${text}`);
}

function isReachedDirectly(server: URL, exclusions: string): boolean {
  const host = trimBrackets(server.hostname).toLowerCase();
  const port = server.port || (defaultPorts[server.protocol] ?? '');
  if (host === 'localhost' || isLoopback(host)) return true;
  return exclusions
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && isExcluded(host, port, entry));
}

/** @param entry `*`, a CIDR, an address, or a name with its subdomains; each but a CIDR with a port if need be. */
function isExcluded(host: string, port: string, entry: string): boolean {
  if (entry === '*') return true;
  const [, network, prefix] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  if (network !== undefined) return isInNetwork(host, network, Number(prefix));
  const { name, port: excludedPort } = splitPort(entry);
  if (name === '' || (excludedPort !== null && excludedPort !== port)) return false;
  if (isIP(name) !== 0) return isInNetwork(host, name, isIP(name) === 6 ? 128 : 32);
  const suffix = name.replace(/^\*?\./, '.');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): { name: string; port: string | null } {
  if (isIP(entry) === 6) return { name: entry, port: null };
  const [, name = entry, port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  return { name: trimBrackets(name), port: port ?? null };
}

function isInNetwork(host: string, network: string, prefix: number): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || prefix > (family === 6 ? 128 : 32)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, prefix, type);
  return list.check(host, type);
}

function isLoopback(host: string): boolean {
  return isInNetwork(host, '127.0.0.0', 8) || isInNetwork(host, '::1', 128);
}

function trimBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
