import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type RetryOptions, sendWithRetries } from './request-retry.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/**
 * Sends a request to a server that gives one answer after the other; the last one again and again.
 * @returns the status of the last answer, and how often the server was asked.
 */
async function send(answers: RequestListener[], options: Partial<RetryOptions> = {}) {
  let asked = 0;
  const server = createServer((incoming, response) =>
    answers[Math.min(asked++, answers.length - 1)]?.(incoming, response),
  );
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sendOnce = async () => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ port, host: '127.0.0.1', agent: false })
        .once('response', resolve)
        .once('error', reject)
        .end();
    });
    return { response, body: await text(response) };
  };
  const { signal } = new AbortController();
  const last = await sendWithRetries(sendOnce, {
    isRepeatable: true,
    deadlineMs: Infinity,
    signal,
    ...options,
  });
  return { status: last.response.statusCode, asked };
}

const answer =
  (status: number, headers = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end();
const cut: RequestListener = ({ socket }) => socket.resetAndDestroy();
const cutInside: RequestListener = (_request, response) =>
  response
    .writeHead(200, { 'content-length': 100 })
    .write('half', () => setImmediate(() => response.socket?.resetAndDestroy()));
const comeBack = { 'retry-after': '0' };

test.each<[string, RequestListener[]]>([
  ['429 with Retry-After', [answer(429, comeBack), answer(429, comeBack), answer(200)]],
  ['429 without', [answer(429), answer(200)]],
  ['503 with Retry-After', [answer(503, comeBack), answer(200)]],
  ['502 of a gateway', [answer(502), answer(200)]],
  ['a connection that is cut', [cut, cut, answer(200)]],
  ['an answer that is cut', [cutInside, answer(200)]],
])('%s is tried again', async (_case, answers) => {
  expect(await send(answers)).toEqual({ status: 200, asked: answers.length });
});

test('what may have been done is tried again only when the answer asks for a retry', async () => {
  const unrepeatable = { isRepeatable: false };
  expect(await send([answer(503), answer(200)], unrepeatable)).toEqual({ status: 503, asked: 1 });
  await expect(send([cut, answer(200)], unrepeatable)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await send([answer(503, comeBack), answer(200)], unrepeatable)).toEqual({ status: 200, asked: 2 });
});

test.each([400, 401, 403, 404, 409, 500])('%d is final', async (status) => {
  expect(await send([answer(status), answer(200)])).toEqual({ status, asked: 1 });
});

test('a server that always fails is given up, with its last answer', async () => {
  expect(await send([answer(502)])).toEqual({ status: 502, asked: 4 });
  expect(await send([answer(429, comeBack)])).toEqual({ status: 429, asked: 11 });
});

test('a retry that would come after the deadline is not waited for', async () => {
  const deadlineMs = performance.now() + 1000;
  expect(await send([answer(429, { 'retry-after': '30' })], { deadlineMs })).toEqual({
    status: 429,
    asked: 1,
  });
});

test('an abort ends the wait for a retry', async () => {
  const reason = new Error('interrupted');
  const controller = new AbortController();
  const sending = send([answer(429, { 'retry-after': '30' })], {
    signal: controller.signal,
    onRetry: () => controller.abort(reason),
  });
  await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
});
