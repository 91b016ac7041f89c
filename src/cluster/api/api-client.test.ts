import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ApiClient } from './api-client.ts';
import { namespaces } from './resources.ts';
import { fixCredentials } from '../testing/fixed-credentials.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** An API server that closes each connection when it is used again; counts the requests that it has answered. */
async function startForgetfulServer(
  answer = '{"items":[]}',
): Promise<{ api: ApiClient; countAnswers: () => number }> {
  const used = new Set<Socket>();
  let answers = 0;
  server = createServer((incoming, response) => {
    if (used.has(incoming.socket)) {
      incoming.socket.destroy();
      return;
    }
    used.add(incoming.socket);
    answers++;
    response.end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = {
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    credentials: fixCredentials(new Agent({ keepAlive: true })),
    ...{ via: '', context: null, namespace: 'default', requestTimeoutMs: null },
  };
  return { api: new ApiClient(connection), countAnswers: () => answers };
}

const { signal } = new AbortController();

test('what is read is asked for once more when a kept connection turns out to be closed', async () => {
  const { api, countAnswers } = await startForgetfulServer();
  for (const count of [1, 2, 3]) {
    await api.get({ ...namespaces.list(), signal });
    expect(countAnswers()).toBe(count);
  }
});

test('what changes something is not: it may have been done', async () => {
  const { api, countAnswers } = await startForgetfulServer();
  await api.get({ ...namespaces.list(), signal });
  await expect(api.get({ ...namespaces.create(), signal })).rejects.toMatchObject({ code: 'connection' });
  expect(countAnswers()).toBe(1);
});

test.each([
  ['{"items":', /^the API server's answer to "list namespaces" can't be read: Unexpected end/],
  [
    '{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{}}]}',
    /^the API server's answer to "list namespaces" can't be read: items: 0: metadata: name: /,
  ],
])('the answer %s is an error that says what is wrong with it', async (answer, message) => {
  const { api } = await startForgetfulServer(answer);
  await expect(api.get({ ...namespaces.list(), signal })).rejects.toMatchObject({
    code: 'apiError',
    message: expect.stringMatching(message),
  });
});

test.each(['{"hello":1}', '[]', '"hello"', '{"items":[{"metadata":{}}]}', '{"kind":1}'])(
  'the answer %s is of no API server',
  async (answer) => {
    const { api } = await startForgetfulServer(answer);
    await expect(api.get({ ...namespaces.list(), signal })).rejects.toMatchObject({
      code: 'foreignAnswer',
      message: expect.stringContaining('JSON that is not of Kubernetes'),
    });
  },
);
