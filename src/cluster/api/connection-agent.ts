import { Agent as HTTPAgent } from 'node:http';
import { Agent as HTTPSAgent } from 'node:https';
import type { Selection } from './kubeconfig/selection.ts';

/**
 * Makes what opens the connections to an API server and keeps them. TLS settings come with each request.
 * @param tls settings, for a proxy that is reached by TLS.
 * @throws an error for a proxy-url that can't be used.
 */
export async function createConnectionAgent(
  server: URL,
  { cluster }: Selection,
  tls: object,
): Promise<HTTPSAgent> {
  const { 'proxy-url': proxyUrl } = cluster;
  const options = { ...tls, keepAlive: true };
  if (proxyUrl === '') {
    return server.protocol === 'http:' ? (new HTTPAgent(options) as HTTPSAgent) : new HTTPSAgent(options);
  }
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const proxied = { name: 'server', server: server.href, skipTLSVerify: true, proxyUrl };
  const config = new KubeConfig() as unknown as {
    createAgent: (cluster: object, options: object) => HTTPSAgent;
  };
  return config.createAgent(proxied, options);
}
