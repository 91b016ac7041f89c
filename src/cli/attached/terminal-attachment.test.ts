import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { duplexPair, PassThrough } from 'node:stream';
import { type AgentStream, SessionClient } from '../../cluster/session/session-client.ts';
import type { SessionConnection } from '../../cluster/session/agent-connection.ts';
import { SessionLink } from '../../cluster/session/client-session.ts';
import type { Context } from '../context.ts';
import { SessionAttachment } from './terminal-attachment.ts';

const sessionID = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const client = '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11';
const state = {
  id: sessionID,
  target: { kind: 'node', node: 'node-1' },
  command: null,
  state: 'running',
  startedAt: '2026-01-01T00:00:00Z',
  ...{ endedAt: null, end: null, claimedUser: null, reason: null, holder: null, expiresAt: null },
  ...{ hasTerminal: true, hasStdin: true, outputBufferBytes: 1024 * 1024, clients: 0 },
};
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** An agent played by the test, on the other end of a pipe. */
function startAgent(onRequest: (stream: ServerHttp2Stream, route: string) => void): SessionConnection {
  const [ours, theirs] = duplexPair();
  const server: Http2Server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined).resume();
    const [path] = String(headers[':path']).split('?');
    onRequest(stream, `${headers[':method']} ${path?.split('/').at(-1)}`);
  });
  server.on('sessionError', () => undefined);
  server.emit('connection', theirs);
  for (const end of [ours, theirs]) end.on('error', () => undefined);
  opened.push(() => theirs.destroy());
  const tunnel: AgentStream = Object.assign(ours, { receivedBytes: 0, abandon: () => undefined });
  const sessionClient = new SessionClient(tunnel, false);
  return {
    client: sessionClient,
    tunnel: tunnel as SessionConnection['tunnel'],
    close: () => sessionClient.close(),
  };
}

/** Attaches with a terminal's keys. */
function attach(connection: SessionConnection) {
  let reconnections = 0;
  const link = new SessionLink(connection, {
    started: Promise.resolve(),
    reconnect: (cause) => {
      reconnections++;
      return Promise.reject(cause);
    },
    onLost: () => undefined,
    onRestored: () => undefined,
  });
  const keys = Object.assign(new PassThrough(), { isTTY: true });
  const context = { stdin: keys, stdout: new PassThrough(), stderr: new PassThrough(), env: {} };
  const options = {
    ...{ sessionID, client, hasTerminal: true, hasStdin: true, isNew: true, output: null, compress: false },
    ...{ outputBufferBytes: 1024 * 1024, keepSeconds: 60, detachKeys: null, recording: null },
  };
  const attachment = new SessionAttachment(link, options, context as unknown as Context);
  opened.push(() => attachment.close());
  return { attachment, keys, countReconnections: () => reconnections };
}

/** @returns when the other end has taken what was sent to it so far. */
function settle({ session }: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => session?.ping(() => resolve()));
}

describe('who detaches', () => {
  test('takes the outputs’ cut for the agent’s, and waits for its answer', async () => {
    let output: ServerHttp2Stream | null = null;
    const answer = async (stream: ServerHttp2Stream) => {
      output?.close(8);
      await settle(stream);
      stream.respond({ ':status': 200 });
      stream.write('');
      await settle(stream);
      stream.end(JSON.stringify(state));
    };
    const connection = startAgent((stream, route) => {
      if (route === 'DELETE holder') void answer(stream);
      else stream.respond({ ':status': 200 });
      if (route === 'GET stdout') output = stream;
    });
    const { attachment, keys, countReconnections } = attach(connection);
    keys.write('~d');
    expect(await attachment.run()).toEqual({ kind: 'detached' });
    expect({ isLeaving: attachment.isLeaving, reconnections: countReconnections() }).toEqual({
      isLeaving: true,
      reconnections: 0,
    });
  });

  test('is told when the connection goes before the answer', async () => {
    const connection = startAgent((stream, route) => {
      stream.respond({ ':status': 200 });
      if (route === 'DELETE holder') stream.session?.destroy();
    });
    const { attachment, keys, countReconnections } = attach(connection);
    keys.write('~d');
    await expect(attachment.run()).rejects.toMatchObject({ code: 'connectionLost' });
    expect(countReconnections()).toBe(0);
  });
});

describe('stdin that breaks', () => {
  test.each([true, false])('ends the attachment, on a terminal: %s', async (isTTY) => {
    const connection = startAgent((stream) => stream.respond({ ':status': 200 }));
    const { attachment, keys } = attach(connection);
    keys.isTTY = isTTY;
    const running = attachment.run();
    keys.destroy(new Error('EIO'));
    await expect(running).rejects.toMatchObject({ code: 'stdinFailed' });
    expect(attachment.isLeaving).toBe(false);
  });
});
