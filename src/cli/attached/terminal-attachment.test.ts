import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { duplexPair, PassThrough } from 'node:stream';
import { type AgentStream, SessionClient } from '../../cluster/session/session-client.ts';
import type { ApiClient } from '../../cluster/api/api-client.ts';
import type { AgentConnection } from '../../cluster/session/agent-connection.ts';
import { ClientSession } from '../../cluster/session/client-session.ts';
import { createContext, type Streams } from '../context.ts';
import { TerminalAttachment } from './terminal-attachment.ts';

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
function startAgent(onRequest: (stream: ServerHttp2Stream, route: string) => void): AgentConnection {
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
  const sessionClient = new SessionClient(tunnel, 'interactive');
  return {
    client: sessionClient,
    tunnel: tunnel as AgentConnection['tunnel'],
    close: () => sessionClient.close(),
  };
}

/** Attaches with a terminal's keys. */
function attach(connection: AgentConnection) {
  let reconnections = 0;
  const reload = () => {
    reconnections++;
    return Promise.reject(new Error('no test reconnects'));
  };
  const api = { connection: { reload } } as unknown as ApiClient;
  const joined = {
    ...{ id: sessionID, agent: { namespace: 'crashcart', pod: 'agent-1' }, isNew: true, hasTerminal: true },
    holder: { client, audit: { claimedUser: null, reason: null } },
    ...{ outputBufferBytes: 1024 * 1024, reconnectLimitMs: 60_000 },
  };
  const session = new ClientSession(api, connection, joined, new AbortController().signal);
  const keys = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough();
  const context = createContext({
    ...{ stdin: keys, stdout, stderr: new PassThrough(), env: {} },
  } as unknown as Streams);
  const attachment = new TerminalAttachment(
    {
      ...{ role: 'starter', hasTerminal: true, hasStdin: true, stdout, compress: false, keepSeconds: 60 },
      ...{ detachKeys: null, recording: null, quiet: true, verbosity: 0 },
    },
    context,
  );
  session.read(attachment.sinks);
  opened.push(
    () => attachment.close(),
    () => session.close(),
  );
  return { session, run: () => attachment.run(session), keys, countReconnections: () => reconnections };
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
    const { session, run, keys, countReconnections } = attach(connection);
    keys.write('~d');
    expect(await run()).toEqual({ kind: 'detached' });
    expect({ isLeft: session.isLeft, reconnections: countReconnections() }).toEqual({
      isLeft: true,
      reconnections: 0,
    });
  });

  test('is told when the connection goes before the answer', async () => {
    const connection = startAgent((stream, route) => {
      stream.respond({ ':status': 200 });
      if (route === 'DELETE holder') stream.session?.destroy();
    });
    const { run, keys, countReconnections } = attach(connection);
    keys.write('~d');
    await expect(run()).rejects.toMatchObject({ code: 'connectionLost' });
    expect(countReconnections()).toBe(0);
  });
});

describe('stdin that breaks', () => {
  test.each([true, false])('ends the attachment, on a terminal: %s', async (isTTY) => {
    const connection = startAgent((stream) => stream.respond({ ':status': 200 }));
    const { session, run, keys } = attach(connection);
    keys.isTTY = isTTY;
    const running = run();
    keys.destroy(new Error('EIO'));
    await expect(running).rejects.toMatchObject({ code: 'stdinFailed' });
    expect(session.isLeft).toBe(false);
  });
});
