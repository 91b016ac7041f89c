import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startKubectl, waitForOutput } from './command-run.ts';

/** An API server that says that it is older than it is. */
export interface OldApiServer {
  address: string;
  close: () => void;
}

/**
 * Stands in front of the cluster's API server, by `kubectl proxy`, which signs requests as the user's.
 * @param minor of the version that it claims, 1.MINOR.
 */
export async function startOldApiServer(minor: number): Promise<OldApiServer> {
  const proxy = await startKubectl(['proxy', '--port=0']);
  const [, port] = /127\.0\.0\.1:(\d+)/.exec(await waitForOutput(proxy)) ?? [];
  const server = createServer((incoming, response) => {
    const { url = '', method, headers } = incoming;
    if (/^\/version\b/.test(url)) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ major: '1', minor: String(minor), gitVersion: `v1.${minor}.0` }));
      return;
    }
    const passed = request({ port, path: url, method, headers: { ...headers, host: `127.0.0.1:${port}` } });
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    incoming.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
      proxy.kill();
    },
  };
}
