import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readSocksRequest, sendSocksReply, socksReplies, type SocksRequest } from './socks-handshake.ts';

const sockets: Socket[] = [];
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

/** Sends bytes to the proxy, and all that is left of the pieces at last. */
async function ask(...pieces: number[][]) {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [proxy] = (await once(server, 'connection')) as [Socket];
  sockets.push(client, proxy);
  const answer: number[] = [];
  client.on('data', (data: Buffer) => answer.push(...data));
  const request: Promise<SocksRequest | null> = readSocksRequest(proxy, AbortSignal.timeout(5000));
  request.catch(() => undefined);
  for (const piece of pieces) {
    client.write(Buffer.from(piece));
    await new Promise(setImmediate);
  }
  return { client, proxy, request, answer };
}

const greeting = [5, 1, 0];

test.each([
  ['a name', [5, 1, 0, 3, 3, 0x64, 0x62, 0x2e, 0, 80], { host: 'db.', port: 80 }],
  ['an address', [5, 1, 0, 1, 10, 0, 0, 1, 1, 187], { host: '10.0.0.1', port: 443 }],
  [
    'an address of IPv6',
    [5, 1, 0, 4, 0xfd, ...Array.from({ length: 14 }, () => 0), 1, 0, 80],
    { host: 'fd00:0:0:0:0:0:0:1', port: 80 },
  ],
])('%s is asked for, also when it comes byte by byte', async (_what, bytes, request) => {
  const whole = await ask(greeting, bytes);
  expect(await whole.request).toEqual(request);
  const slow = await ask(...[...greeting, ...bytes].map((byte) => [byte]));
  expect(await slow.request).toEqual(request);
  sendSocksReply(slow.proxy, socksReplies.succeeded);
  while (slow.answer.length < 12) await once(slow.client, 'data');
  expect(slow.answer).toEqual([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
});

test('a client that wants a password, or another command, is told that there is none', async () => {
  const password = await ask([5, 1, 2]);
  expect(await password.request).toBeNull();
  await once(password.client, 'end');
  expect(password.answer).toEqual([5, 0xff]);
  const bind = await ask(greeting, [5, 2, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(await bind.request).toBeNull();
  await once(bind.client, 'end');
  expect(bind.answer.slice(2, 4)).toEqual([5, socksReplies.commandNotSupported]);
});

test('what is not SOCKS5, and a client that goes, is an error', async () => {
  await expect((await ask([4, 1, 0, 80])).request).rejects.toThrow('does not speak SOCKS5');
  const { client, request } = await ask([5]);
  client.end();
  await expect(request).rejects.toThrow('the client has gone');
});
