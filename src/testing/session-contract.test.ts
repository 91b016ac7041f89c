import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { OutputReader } from '../cluster/session/streams/output-reader.ts';
import type { SessionClient } from '../cluster/session/session-client.ts';
import { StdinSender } from '../cluster/session/streams/stdin-sender.ts';
import { maxBodyBytes, type OutputStreamName } from '../session-api/session-routes.ts';
import type { SessionSpec } from '../session-api/session-spec.ts';
import { createSpec, FakeAgent, type FakeAgentOptions } from './fake-agent.ts';

/** The real client and the real agent speak with each other; only the commands are the test's. */
const me = randomUUID();
const somebodyElse = randomUUID();
const audit = createSpec().audit;
const terminal = { columns: 80, rows: 24, term: 'xterm', colorTerm: null };
let limit: AbortSignal;
const pieceBytes = 64 * 1024;
const agents: FakeAgent[] = [];
let agent: FakeAgent;
let client: SessionClient;
let id: string;

beforeEach(() => {
  useAgent();
  id = randomUUID();
  limit = AbortSignal.timeout(10_000);
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const used of agents.splice(0)) await used.close();
});

function useAgent(options: FakeAgentOptions = {}): void {
  agent = new FakeAgent(options);
  agents.push(agent);
  client = agent.connect().client;
}

async function start(changes: Partial<SessionSpec> = {}) {
  await client.startSession(id, createSpec({ client: me, ...changes }), limit);
  return agent.process(id);
}

/** Writes as much as a command would: in pieces, and only while the agent reads. */
function writePieces(output: PassThrough, bytes: number): void {
  Readable.from(
    Array.from({ length: bytes / pieceBytes }, () => Buffer.alloc(pieceBytes, 'crashcart ')),
  ).pipe(output);
}

/** Reads an output to its end. @param from offset of its first byte. */
async function readOutput(name: OutputStreamName, { compress = false, from = 0 } = {}) {
  const sink = new PassThrough();
  const content = text(sink);
  const reader = new OutputReader(name, sink, from, { onDelivered: () => undefined, onGap: () => undefined });
  const trailers = await reader.read(client.openOutput(id, name, { client: me, from, compress }));
  sink.end();
  return { content: await content, end: trailers.end };
}

describe('a session', () => {
  test('is started once, however often its request is sent', async () => {
    const spec = createSpec({ client: me });
    const states = await Promise.all([1, 2].map(() => client.startSession(id, spec, limit)));
    expect(states.map(({ id: started, state }) => [started, state])).toEqual([
      [id, 'running'],
      [id, 'running'],
    ]);
    expect(agent.process(id).isStarted).toBe(true);
    expect(agent.audit).toMatchObject([{ event: 'sessionStarted', session: id, command: ['true'] }]);
    expect(await client.listSessions(limit)).toMatchObject([{ id, state: 'running', hasTerminal: false }]);
  });

  test('takes a command as long as execve(2) does', async () => {
    const command = ['echo', ...Array.from({ length: 8 }, () => '\u0001'.repeat(128 * 1024 - 1))];
    expect((await client.startSession(id, createSpec({ command }), limit)).command).toEqual(command);
  });

  test('gives its outputs whole, with how it ended, to requests that were sent along with its own', async () => {
    const started = client.startSession(id, createSpec({ client: me }), limit);
    const outputs = Promise.all([readOutput('stdout'), readOutput('stderr', { compress: true })]);
    await started;
    const process = agent.process(id);
    process.stdout.write('to stdout');
    process.stderr?.write('to stderr');
    process.end({ exitCode: 3 });
    const end = { reason: 'exited', message: null, exitCode: 3, warnings: [], leftProcesses: [] };
    expect(await outputs).toEqual([
      { content: 'to stdout', end },
      { content: 'to stderr', end },
    ]);
    expect(await client.getSession(id, limit)).toMatchObject({ state: 'ended', end, clients: 0 });
    expect(process.isReleased).toBe(true);
  });

  test('that can’t be started is refused, and so is what was sent along with its request', async () => {
    useAgent({ prepareProcess: () => Promise.reject(new Error('no such mount')) });
    const refusal = { code: 'bridgeFailed', message: 'the target could not be entered: no such mount' };
    const starting = client.startSession(id, createSpec({ client: me }), limit);
    const reading = readOutput('stdout');
    await expect(starting).rejects.toMatchObject(refusal);
    await expect(reading).rejects.toMatchObject(refusal);
    await expect(client.getSession(id, limit)).rejects.toMatchObject({ code: 'notFound' });
    expect(agent.audit).toMatchObject([{ event: 'sessionRefused', error: refusal.message }]);
  });

  test('that its agent loses track of fails, and leaves the others alone', async () => {
    const log = jest.spyOn(console, 'error').mockReturnValue();
    const process = await start();
    const other = randomUUID();
    await agent.addSession(other);
    process.break(new Error('a defect'));
    expect(await readOutput('stdout')).toMatchObject({
      end: { reason: 'failed', exitCode: 125, message: 'the agent lost control of the session: a defect' },
    });
    expect(process.isReleased).toBe(true);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('session: Error: a defect'));
    expect(await client.getSession(other, limit)).toMatchObject({ state: 'running' });
  });

  test('ends when it is deleted, also while nobody reads its output', async () => {
    const process = await start();
    writePieces(process.stdout, 8 * 1024 * 1024);
    await client.deleteSession(id, { client: me }, limit);
    expect(await client.getSession(id, limit)).toMatchObject({
      end: { reason: 'deleted', message: 'its client ended it' },
    });
  });

  test('is refused where the agent holds as many as it may', async () => {
    useAgent({ maxSessions: 1 });
    await start();
    await expect(client.startSession(randomUUID(), createSpec(), limit)).rejects.toMatchObject({
      code: 'capacity',
    });
  });

  test('is refused by an agent that is about to exit', async () => {
    await agent.registry.close('the node shuts down');
    await expect(start()).rejects.toMatchObject({ code: 'draining' });
  });
});

describe('an output', () => {
  test('holds its command back until the client has acknowledged it', async () => {
    const process = await start();
    const bytes = 4 * 1024 * 1024;
    writePieces(process.stdout, bytes);
    let isAcknowledging = false;
    const acknowledge = (stdout: number) => void client.acknowledge(id, me, { stdout }, limit);
    const full = Promise.withResolvers<number>();
    const reader = new OutputReader('stdout', new PassThrough().resume(), 0, {
      onDelivered: (offset) => {
        if (isAcknowledging) acknowledge(offset);
        else if (offset > createSpec().outputBufferBytes - 2 * pieceBytes) full.resolve(offset);
      },
      onGap: () => undefined,
    });
    const reading = reader.read(client.openOutput(id, 'stdout', { client: me, from: 0, compress: false }));
    const delivered = await full.promise;
    await client.listSessions(limit);
    expect(process.stdout.readableEnded).toBe(false);
    isAcknowledging = true;
    acknowledge(delivered);
    await once(process.stdout, 'end');
    process.end();
    expect((await reading).bytes).toBe(bytes);
  });

  test('goes on over another connection at the byte where the first one was cut', async () => {
    const process = await start();
    process.stdout.write('before ');
    const sink = new PassThrough();
    const content = text(sink);
    const events = { onDelivered: () => undefined, onGap: () => undefined };
    const reader = new OutputReader('stdout', sink, 0, events);
    const open = () => client.openOutput(id, 'stdout', { client: me, from: reader.offset, compress: false });
    const first = reader.read(open());
    await once(sink, 'readable');
    agent.cut();
    await expect(first).rejects.toThrow();
    client = agent.connect().client;
    await client.holdSession(id, { client: me, takeOver: false, audit }, limit);
    const second = reader.read(open());
    process.stdout.write('and after');
    process.end();
    expect((await second).bytes).toBe('before and after'.length);
    sink.end();
    expect(await content).toBe('before and after');
  });

  test('can be watched by another client, who does not hold the session', async () => {
    const process = await start();
    const sink = new PassThrough();
    const reader = new OutputReader('stdout', sink, null, {
      onDelivered: () => undefined,
      onGap: () => undefined,
    });
    const watching = reader.read(
      client.openOutput(id, 'stdout', { client: null, from: null, compress: false }),
    );
    process.stdout.write('seen');
    process.end();
    await watching;
    expect(sink.read()).toEqual(Buffer.from('seen'));
    expect(await client.getSession(id, limit)).toMatchObject({ holder: null });
  });
});

describe('stdin', () => {
  test('reaches the command, and its end closes the command’s', async () => {
    const process = await start({ stdin: true });
    const source = new PassThrough();
    const sender = new StdinSender(source, 0);
    const sending = sender.send(client.openStdin(id, me, 0));
    source.end('typed');
    expect(await text(process.stdin)).toBe('typed');
    await sending;
    expect(sender.offset).toBe('typed'.length);
  });

  test('that is cut goes on over another connection, and no byte comes twice', async () => {
    const process = await start({ stdin: true });
    const source = new PassThrough();
    const sender = new StdinSender(source, 0);
    const first = sender.send(client.openStdin(id, me, 0));
    source.write('one ');
    await once(process.stdin, 'readable');
    agent.cut();
    await expect(first).rejects.toMatchObject({ code: 'streamCut' });
    client = agent.connect().client;
    const second = sender.send(client.openStdin(id, me, sender.offset));
    source.end('two');
    expect(await text(process.stdin)).toBe('one two');
    await second;
  });
});

describe('the client that holds a session', () => {
  test('may leave it running, come back and lose it to another one', async () => {
    await start();
    const left = await client.detachSession(id, { client: me, keepSeconds: 60 }, limit);
    expect(left).toMatchObject({ holder: null, state: 'running', expiresAt: expect.any(String) });
    await client.holdSession(id, { client: me, takeOver: false, audit }, limit);
    const taken = { client: somebodyElse, takeOver: false, audit };
    await expect(client.holdSession(id, taken, limit)).rejects.toMatchObject({ code: 'takenOver' });
    await client.holdSession(id, { ...taken, takeOver: true }, limit);
    await expect(client.acknowledge(id, me, { stdout: 0 }, limit)).rejects.toMatchObject({
      code: 'takenOver',
    });
    await expect(readOutput('stdout')).rejects.toMatchObject({ code: 'takenOver' });
  });

  test('sends sizes and signals', async () => {
    const process = await start({ terminal });
    await client.resize(id, { columns: 100, rows: 50 }, limit);
    await client.signal(id, 'SIGINT', limit);
    expect([process.sizes, process.signals]).toEqual([[{ columns: 100, rows: 50 }], ['SIGINT']]);
    await expect(readOutput('stderr')).rejects.toMatchObject({ code: 'notFound' });
  });

  test('has no terminal to resize where the session has none', async () => {
    await start();
    await expect(client.resize(id, { columns: 1, rows: 1 }, limit)).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

test('a body that is too large is refused, and the connection goes on', async () => {
  const spec = createSpec({ audit: { ...audit, reason: 'x'.repeat(maxBodyBytes) } });
  await expect(client.startSession(id, spec, limit)).rejects.toMatchObject({ code: 'requestTooLarge' });
  expect(await client.listSessions(limit)).toEqual([]);
  expect((await client.startSession(id, createSpec(), limit)).id).toBe(id);
});

test('a body that does not fit its schema is refused', async () => {
  const spec = createSpec({ graceSeconds: 0 });
  await expect(client.startSession(id, spec, limit)).rejects.toMatchObject({ code: 'invalidRequest' });
});
