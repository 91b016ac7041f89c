import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import * as z from 'zod';
import { ApiClient, type ApiRequest } from './api-client.ts';
import type { ApiConnection } from './kubeconfig.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** An API server that closes each connection when it is used again; counts the requests that it has answered. */
async function startForgetfulServer(): Promise<{ api: ApiClient; countAnswers: () => number }> {
  const used = new Set<Socket>();
  let answers = 0;
  server = createServer((incoming, response) => {
    if (used.has(incoming.socket)) {
      incoming.socket.destroy();
      return;
    }
    used.add(incoming.socket);
    answers++;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = {
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    options: { agent: new Agent({ keepAlive: true }), headers: {} },
    ...{ context: null, namespace: 'default', requestTimeoutMs: null },
  };
  return { api: new ApiClient(connection as unknown as ApiConnection), countAnswers: () => answers };
}

function describeRequest(method: 'GET' | 'POST'): ApiRequest<z.ZodType> {
  const access = { verb: 'get', resource: 'pods', namespace: null };
  return { method, path: 'api', schema: z.unknown(), access, signal: new AbortController().signal };
}

test('what is read is asked for once more when a kept connection turns out to be closed', async () => {
  const { api, countAnswers } = await startForgetfulServer();
  for (const count of [1, 2, 3]) {
    await api.get(describeRequest('GET'));
    expect(countAnswers()).toBe(count);
  }
});

test('what changes something is not: it may have been done', async () => {
  const { api, countAnswers } = await startForgetfulServer();
  await api.get(describeRequest('GET'));
  await expect(api.get(describeRequest('POST'))).rejects.toMatchObject({ code: 'connection' });
  expect(countAnswers()).toBe(1);
});
