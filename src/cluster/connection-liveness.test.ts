import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import { type AgentStream, watchConnection } from './connection-liveness.ts';

const limits = { pingAfterMs: 100, deadAfterMs: 300 };
const opened: Duplex[] = [];

afterEach(() => {
  for (const stream of opened.splice(0)) stream.destroy();
});

/** A connection whose other end answers, or reads nothing. */
function open(answers: boolean) {
  const [ours, theirs] = duplexPair();
  opened.push(ours, theirs);
  const { promise: abandoned, resolve } = Promise.withResolvers<string>();
  const state = { receivedBytes: 0 };
  const stream: AgentStream = Object.defineProperties(ours as AgentStream, {
    receivedBytes: { get: () => state.receivedBytes },
    abandon: { value: resolve },
  });
  ours.on('data', (chunk: Buffer) => (state.receivedBytes += chunk.length));
  if (answers) createServer().emit('connection', theirs);
  else theirs.pipe(new PassThrough()).resume();
  const session = connect('http://agent', { createConnection: () => ours });
  session.on('error', () => undefined);
  watchConnection(session, stream, limits);
  return { abandoned, session, state };
}

describe('a connection', () => {
  test('on which nothing comes is lost', async () => {
    const { abandoned } = open(false);
    expect(await abandoned).toBe('nothing was received for 0.3 s');
  });

  test('that is silent but answers lives', async () => {
    const { abandoned, session, state } = open(true);
    await once(session, 'connect');
    const before = state.receivedBytes;
    const silence = new Promise((resolve) => setTimeout(resolve, 3 * limits.deadAfterMs, 'alive'));
    expect(await Promise.race([abandoned, silence])).toBe('alive');
    expect(state.receivedBytes).toBeGreaterThan(before);
  });
});
