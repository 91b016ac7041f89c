import { once } from 'node:events';
import { Agent, createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient } from './api-client.ts';
import type { ApiConnection } from './kubeconfig.ts';

const reasons: Record<number, string> = { 403: 'Forbidden', 404: 'NotFound', 409: 'AlreadyExists' };

/** An API server that a unit test plays. */
export interface PlayedApiServer {
  api: ApiClient;
  /** `METHOD path` of each request, as they came. */
  requests: string[];
  close: () => void;
}

/**
 * Plays an API server on a port of this machine.
 * @param answer is given `METHOD path`. An object is answered as it is, a number as the status of a refusal; null:
 *   the answer has been, or will be, given to the response.
 */
export async function playApiServer(
  answer: (request: string, response: ServerResponse) => object | number | null,
): Promise<PlayedApiServer> {
  const requests: string[] = [];
  const server = createServer((incoming, response) => {
    incoming.resume();
    const { pathname } = new URL(incoming.url ?? '', 'http://server');
    const request = `${incoming.method} ${pathname}`;
    requests.push(request);
    const answered = answer(request, response);
    if (answered === null) return;
    const isRefused = typeof answered === 'number';
    response.statusCode = isRefused ? answered : 200;
    response.end(JSON.stringify(isRefused ? { reason: reasons[answered] ?? '' } : answered));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = {
    server: new URL(`http://127.0.0.1:${port}/`),
    options: { agent: new Agent(), headers: {} },
    ...{ context: null, namespace: 'default', requestTimeoutMs: null },
  };
  return {
    api: new ApiClient(connection as unknown as ApiConnection),
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
