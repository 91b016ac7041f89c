import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import { watchLiveness } from './connection-liveness.ts';

type End = (stream: Duplex) => ClientHttp2Session | ServerHttp2Session;
const opened: Duplex[] = [];

// Of the clocks only the one that the watch looks at: HTTP/2 works by the others.
beforeEach(() => {
  const others = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'nextTick'] as const;
  jest.useFakeTimers({ doNotFake: [...others, 'Date', 'hrtime', 'performance', 'queueMicrotask'] });
});

afterEach(() => {
  for (const stream of opened.splice(0)) stream.destroy();
  jest.useRealTimers();
});

/** The begin of a client's preface; a client takes it for that of a frame: nothing to act on yet, for either end. */
const firstBytes = Buffer.from('PRI * ');

function openClient(stream: Duplex): ClientHttp2Session {
  return connect('http://agent', { createConnection: () => stream });
}

function openServer(stream: Duplex): ServerHttp2Session {
  const server: Http2Server = createServer();
  let session: ServerHttp2Session | null = null;
  server.once('session', (made) => (session = made));
  server.emit('connection', stream);
  if (session === null) throw new Error('the server takes no connection');
  return session;
}

/** Watches one end of a connection. @param other what the other end is; null: it answers nothing. */
function watch(end: End, other: End | null) {
  const [ours, theirs] = duplexPair();
  let receivedBytes = 0;
  ours.on('data', (chunk: Buffer) => (receivedBytes += chunk.length));
  if (other === null) theirs.pipe(new PassThrough()).resume();
  else other(theirs).on('error', () => undefined);
  const session = end(ours).on('error', () => undefined);
  opened.push(ours, theirs);
  const onEnd = jest.fn<(silentMs: number) => void>();
  watchLiveness(session, { countReceived: () => receivedBytes, end: onEnd });
  return { session, ours, theirs, onEnd, pings: jest.spyOn(session, 'ping'), count: () => receivedBytes };
}

function passSeconds(seconds: number): void {
  jest.advanceTimersByTime(seconds * 1000);
}

/** Until no more comes of what the ends tell each other when they begin. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe.each([
  { side: 'a client', end: openClient, other: openServer },
  { side: 'a server', end: openServer, other: openClient },
])('the connection of $side', ({ end, other }) => {
  test('on which nothing comes is asked for, and then ended', () => {
    const { onEnd, pings } = watch(end, null);
    passSeconds(1); // The first look has nothing to compare with.
    passSeconds(4);
    expect(pings).not.toHaveBeenCalled();
    passSeconds(1);
    expect(pings).toHaveBeenCalledTimes(1);
    passSeconds(9);
    expect(pings).toHaveBeenCalledTimes(2);
    expect(onEnd).not.toHaveBeenCalled();
    passSeconds(1);
    expect(onEnd.mock.calls).toEqual([[15_000]]);
  });

  test('that is silent but answers lives', async () => {
    const { onEnd, pings, ours, count } = watch(end, other);
    await settle();
    passSeconds(1);
    for (let asked = 1; asked <= 10; asked++) {
      const before = count();
      const answered = once(ours, 'data');
      passSeconds(5);
      expect(pings).toHaveBeenCalledTimes(asked);
      await answered;
      expect(count()).toBeGreaterThan(before);
      passSeconds(1);
    }
    expect(onEnd).not.toHaveBeenCalled();
  });

  test('lives by any byte, and is not asked for while some come', async () => {
    const { session, onEnd, pings, ours, theirs } = watch(end, null);
    for (const byte of firstBytes) {
      passSeconds(4);
      const received = once(ours, 'data');
      theirs.write(Buffer.of(byte));
      await received;
    }
    expect(session.destroyed).toBe(false);
    expect(pings).not.toHaveBeenCalled();
    expect(onEnd).not.toHaveBeenCalled();
  });

  test('is not watched any more once it is closed', async () => {
    const { session, ours } = watch(end, other);
    await settle();
    expect(jest.getTimerCount()).toBe(1);
    const closed = once(session, 'close');
    ours.destroy();
    await closed;
    expect(jest.getTimerCount()).toBe(0);
  });
});
