import { afterEach, describe, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import type { ApiClient } from '../../cluster/api/api-client.ts';
import type { AgentConnection } from '../../cluster/session/agent-connection.ts';
import { ClientSession } from '../../cluster/session/client-session.ts';
import { FakeAgent, type FakeAgentOptions } from '../../testing/fake-agent.ts';
import { createContext, type Streams } from '../context.ts';
import { type AttachmentOptions, TerminalAttachment } from './terminal-attachment.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const client = '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11';
const size = { columns: 80, rows: 24 };
const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** Attaches a terminal's keys to a session of an agent. */
async function attach(role: AttachmentOptions['role'] = 'starter', options: FakeAgentOptions = {}) {
  const agent = new FakeAgent(options);
  opened.push(() => agent.close());
  const terminal = { ...size, term: 'xterm', colorTerm: null };
  const command = await agent.addSession(id, { client, terminal, stdin: true });
  let reconnections = 0;
  const reload = () => {
    reconnections++;
    return Promise.reject(new Error('no test reconnects'));
  };
  const api = { connection: { reload } } as unknown as ApiClient;
  const joined = {
    ...{ id, agent: { namespace: 'crashcart', pod: 'agent-1' }, isNew: true, hasTerminal: true },
    holder: role === 'watcher' ? null : { client, audit: { claimedUser: null, reason: null } },
    ...{ outputBufferBytes: 1024 * 1024, reconnectLimitMs: 60_000 },
  };
  const { client: sessionClient, tunnel } = agent.connect('interactive');
  const connection = { client: sessionClient, tunnel, close: () => sessionClient.close() };
  const session = new ClientSession(
    api,
    connection as unknown as AgentConnection,
    joined,
    new AbortController().signal,
  );
  const keys = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = Object.assign(new PassThrough(), size);
  const context = createContext({
    ...{ stdin: keys, stdout, stderr: new PassThrough(), env: {} },
  } as unknown as Streams);
  const attachment = new TerminalAttachment(
    {
      ...{ role, hasTerminal: true, hasStdin: true, stdout, compress: false, keepSeconds: 60 },
      ...{ detachKeys: null, recording: null, quiet: true, verbosity: 0 },
    },
    context,
  );
  session.read(attachment.sinks);
  opened.push(
    () => attachment.close(),
    () => session.close(),
  );
  const run = () => attachment.run(session);
  return { agent, command, session, attachment, run, keys, countReconnections: () => reconnections };
}

/** Waits until something has arrived at the agent. */
async function waitFor(isThere: () => boolean): Promise<void> {
  while (!isThere()) await new Promise((resolve) => setImmediate(resolve));
}

describe('keys that detach', () => {
  test('leave the session running; the agent cuts the outputs, and the client does not reconnect', async () => {
    const { agent, session, run, keys, countReconnections } = await attach();
    keys.write('~d');
    expect(await run()).toEqual({ kind: 'detached' });
    expect({ isLeft: session.isLeft, reconnections: countReconnections() }).toEqual({
      isLeft: true,
      reconnections: 0,
    });
    expect(agent.registry.list()).toMatchObject([{ state: 'running', holder: null }]);
  });

  test('fail when the connection goes before the answer', async () => {
    const handlers = { detachSession: () => agent.cut() };
    const { agent, run, keys, countReconnections } = await attach('starter', { handlers });
    keys.write('~d');
    await expect(run()).rejects.toMatchObject({ code: 'tunnelFailed' });
    expect(countReconnections()).toBe(0);
  });
});

test('keys that end the session end its command', async () => {
  const { agent, run, keys } = await attach();
  const running = run();
  await waitFor(() => agent.requests.length === 2);
  keys.write('~.');
  expect(await running).toMatchObject({ kind: 'ended', end: { reason: 'deleted' } });
  expect(agent.registry.list()).toMatchObject([{ state: 'ended' }]);
});

describe('a terminal', () => {
  test('passes keys on to the command, and the first Ctrl-C from outside of it', async () => {
    const { command, attachment, run, keys } = await attach();
    const running = run();
    keys.write('ls\r');
    expect([attachment.passInterrupt(), attachment.passInterrupt()]).toEqual([true, false]);
    await waitFor(() => command.signals.length > 0 && command.stdin.readableLength === 3);
    expect({ typed: String(command.stdin.read()), signals: command.signals }).toEqual({
      typed: 'ls\r',
      signals: ['SIGINT'],
    });
    command.end({ exitCode: 4 });
    expect(await running).toMatchObject({ kind: 'ended', end: { exitCode: 4 } });
  });

  test('that is attached to a running program has the program draw everything again', async () => {
    const { command, run } = await attach('holder');
    const running = run();
    await waitFor(() => command.sizes.length === 2);
    expect(command.sizes).toEqual([{ ...size, rows: size.rows - 1 }, size]);
    command.end();
    await running;
  });

  test('that only watches passes nothing on', async () => {
    const { agent, command, attachment, run, keys } = await attach('watcher');
    const running = run();
    keys.write('ls\r');
    expect(attachment.passInterrupt()).toBe(false);
    await attachment.part(AbortSignal.timeout(1000));
    command.end();
    expect(await running).toMatchObject({ kind: 'ended' });
    expect(agent.requests).toEqual([`GET /v1/sessions/${id}/stdout?from=0`]);
  });
});

describe('stdin that breaks', () => {
  test.each([true, false])('ends the attachment, on a terminal: %s', async (isTTY) => {
    const { command, session, run, keys } = await attach();
    keys.isTTY = isTTY;
    const running = run();
    keys.destroy(new Error('EIO'));
    await expect(running).rejects.toMatchObject({ code: 'stdinFailed' });
    expect({ isLeft: session.isLeft, stdinEnded: command.stdin.writableEnded }).toEqual({
      isLeft: false,
      stdinEnded: false,
    });
  });
});
