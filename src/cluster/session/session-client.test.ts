import { afterEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { type Duplex, duplexPair, PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { commandSetupSchema } from '../../session-api/command-setup.ts';
import { type ProblemError } from '../../session-api/problem.ts';
import {
  formatProtocolRange,
  protocolHeader,
  requireCommonProtocol,
} from '../../session-api/protocol/protocol-match.ts';
import { protocolRange } from '../../session-api/protocol/protocol-version.ts';
import { formatTrailers } from '../../session-api/stream-trailers.ts';
import { OutputReader } from './streams/output-reader.ts';
import { type AgentStream, SessionClient } from './session-client.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const clientID = '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11';
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** An agent played by the test, on the other end of a pipe. */
function startAgent(onRequest: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void): {
  client: SessionClient;
  pipe: Duplex;
} {
  const [ours, theirs] = duplexPair();
  const server: Http2Server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    onRequest(stream, headers);
  });
  server.on('sessionError', () => undefined);
  server.emit('connection', theirs);
  ours.on('error', () => undefined);
  theirs.on('error', () => undefined);
  const stream: AgentStream = Object.assign(ours, {
    receivedBytes: 0,
    relayBytes: 0,
    abandon: () => undefined,
  });
  const client = new SessionClient(stream, 'bulk');
  opened.push(() => theirs.destroy());
  opened.push(() => client.close());
  return { client, pipe: ours };
}

function sendOutput(stream: ServerHttp2Stream, content: Buffer, trailers: object | null): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: trailers !== null });
  if (trailers) stream.once('wantTrailers', () => stream.sendTrailers({ ...trailers }));
  stream.end(content);
}

function describeContent(content: Buffer, exitCode = 0): Record<string, string> {
  return formatTrailers({
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    end: { reason: 'exited', exitCode, message: null, warnings: [], leftProcesses: [] },
  });
}

function read(
  client: SessionClient,
  sink: Writable,
  onDelivered: (offset: number) => void = () => undefined,
) {
  const reader = new OutputReader('stdout', sink, 0, { onDelivered, onGap: () => undefined });
  return reader.read(
    client.openOutput(id, 'stdout', { client: clientID, from: reader.offset, compress: false }),
  );
}

test('an agent that does not listen in time is no lost connection', async () => {
  const [ours] = duplexPair();
  const stream: AgentStream = Object.assign(ours, {
    ...{ receivedBytes: 0, relayBytes: 0 },
    abandon: () => undefined,
  });
  ours.on('error', () => undefined);
  const client = new SessionClient(stream, 'bulk', 20);
  opened.push(() => client.close());
  await expect(client.listSessions(AbortSignal.timeout(5000))).rejects.toMatchObject({
    code: 'timeout',
    message: 'the agent runs, but does not listen yet after 0.02 s',
  });
});

describe('an output', () => {
  test('comes whole, with how the session ended', async () => {
    const content = Buffer.alloc(3_000_000, 'crashcart ');
    const { client } = startAgent((stream, headers) => {
      expect(headers[':path']).toBe(`/v1/sessions/${id}/stdout?client=${clientID}&from=0`);
      sendOutput(stream, content, describeContent(content, 3));
    });
    const sink = new PassThrough();
    const received = text(sink);
    const offsets: number[] = [];
    const trailers = await read(client, sink, (offset) => offsets.push(offset));
    sink.end();
    expect(trailers.end).toEqual({
      reason: 'exited',
      exitCode: 3,
      message: null,
      warnings: [],
      leftProcesses: [],
    });
    expect(await received).toBe(content.toString());
    expect(offsets.at(-1)).toBe(content.length);
  });

  test('counts as delivered only once the sink has taken it', async () => {
    const content = Buffer.from('slowly');
    const { client } = startAgent((stream) => sendOutput(stream, content, describeContent(content)));
    let finish: (() => void) | null = null;
    const { promise: taken, resolve } = Promise.withResolvers<void>();
    const sink = new Writable({
      write: (_chunk, _encoding, callback) => {
        finish = callback;
        resolve();
      },
    });
    let delivered = 0;
    let over = false;
    const reading = read(client, sink, (offset) => (delivered = offset)).then(() => (over = true));
    await taken;
    await new Promise((wait) => setImmediate(wait));
    expect([delivered, over]).toEqual([0, false]);
    (finish as unknown as () => void)();
    await reading;
    expect(delivered).toBe(content.length);
  });

  test('larger than all buffers waits for a sink that is slower than the connection', async () => {
    const content = Buffer.alloc(3_000_000, 'crashcart ');
    const { client } = startAgent((stream) => sendOutput(stream, content, describeContent(content)));
    let taken = 0;
    const sink = new Writable({
      highWaterMark: 64 * 1024,
      write: (chunk: Buffer, _encoding, callback) => {
        taken += chunk.length;
        setTimeout(callback, 2);
      },
    });
    await read(client, sink);
    expect(taken).toBe(content.length);
  });

  test('without trailers is a failure, however complete it looks', async () => {
    const { client } = startAgent((stream) => sendOutput(stream, Buffer.from('all of it'), null));
    await expect(read(client, new PassThrough().resume())).rejects.toMatchObject({ code: 'streamCut' });
  });

  test('that lost bytes is a failure', async () => {
    const trailers = describeContent(Buffer.from('all of it'));
    const { client } = startAgent((stream) => sendOutput(stream, Buffer.from('all of'), trailers));
    await expect(read(client, new PassThrough().resume())).rejects.toMatchObject({
      code: 'streamCorrupt',
      message: expect.stringContaining('6 of 9 bytes'),
    });
  });

  test('whose bytes are others is a failure', async () => {
    const trailers = describeContent(Buffer.from('all of it'));
    const { client } = startAgent((stream) => sendOutput(stream, Buffer.from('all of IT'), trailers));
    await expect(read(client, new PassThrough().resume())).rejects.toMatchObject({
      code: 'streamCorrupt',
      message: expect.stringContaining('not the ones that were sent'),
    });
  });

  test('that is reset is a failure', async () => {
    const { client } = startAgent((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half', () => stream.close(2));
    });
    await expect(read(client, new PassThrough().resume())).rejects.toMatchObject({ code: 'streamCut' });
  });

  test('ends with the connection', async () => {
    const { client, pipe } = startAgent((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half', () => pipe.destroy(new Error('the tunnel is gone')));
    });
    await expect(read(client, new PassThrough().resume())).rejects.toThrow('the tunnel is gone');
  });

  test('is cut, and not corrupt, when the connection goes after the trailers and before the sink has taken all', async () => {
    const content = Buffer.alloc(200_000, 'crashcart ');
    const { client, pipe } = startAgent((stream) => {
      sendOutput(stream, content, describeContent(content));
      stream.once('close', () => setImmediate(() => pipe.destroy(new Error('the tunnel is gone'))));
    });
    const sink = new Writable({ highWaterMark: 1, write: () => undefined });
    await expect(read(client, sink)).rejects.toThrow('the tunnel is gone');
  });

  test('that the agent refuses is its problem', async () => {
    const problem = { type: 'about:blank', status: 404, code: 'notFound', title: 'no session', detail: null };
    const { client } = startAgent((stream) => {
      stream.respond({ ':status': 404, 'content-type': 'application/problem+json' });
      stream.end(JSON.stringify(problem));
    });
    const sink = new PassThrough();
    await expect(read(client, sink)).rejects.toMatchObject({ code: 'notFound', message: 'no session' });
    expect(sink.readableLength).toBe(0);
  });

  test('is asked for with the versions of the API that are spoken, and its refusal says what to replace', async () => {
    let header: unknown;
    const { client } = startAgent((stream, headers) => {
      header = headers[protocolHeader];
      try {
        requireCommonProtocol(String(header), { version: '9.0.0', protocol: { minimum: 99, maximum: 99 } });
      } catch (error) {
        stream.respond({ ':status': 400, 'content-type': 'application/problem+json' });
        stream.end(JSON.stringify((error as ProblemError).toProblem()));
      }
    });
    await expect(read(client, new PassThrough())).rejects.toMatchObject({
      code: 'versionMismatch',
      message: expect.stringContaining('this plugin is too old for the agent, of version 9.0.0'),
      hint: 'Upgrade the plugin: `kubectl krew upgrade crashcart`.',
    });
    expect(header).toBe(formatProtocolRange(protocolRange));
  });

  test("ends with the sink's own error", async () => {
    const { client } = startAgent((stream) => {
      stream.respond({ ':status': 200 });
      // Until the client resets the stream: the callback of a write to a closed one has an error.
      const write = (error?: Error | null) => {
        if (!error) stream.write(Buffer.alloc(65_536), (failed) => setImmediate(write, failed));
      };
      write();
    });
    const sink = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('EPIPE')) });
    await expect(read(client, sink)).rejects.toThrow('EPIPE');
  });
});

describe('a request', () => {
  const spec = {
    target: { kind: 'node', node: 'node-1' },
    command: ['true'],
    terminal: null,
    stdin: false,
    client: clientID,
    setup: commandSetupSchema.parse({}),
    graceSeconds: 300,
    catch: null,
    keepSeconds: null,
    outputBufferBytes: 4 * 1024 * 1024,
    audit: { claimedUser: null, tunnelID: clientID, reason: null },
  } as const;

  test('fails with the problem that the agent answers', async () => {
    const { client } = startAgent((stream) => {
      stream.resume();
      stream.respond({ ':status': 503 });
      stream.end(
        '{"status":503,"code":"draining","title":"the agent is about to exit","detail":"Try again."}',
      );
    });
    await expect(
      client.startSession(id, { ...spec, command: ['true'] }, AbortSignal.timeout(5000)),
    ).rejects.toMatchObject({ code: 'draining', hint: 'Try again.' });
  });

  test('fails with its signal', async () => {
    const { client } = startAgent((stream) => stream.resume());
    const reason = new Error('enough');
    const starting = client.startSession(id, { ...spec, command: ['true'] }, AbortSignal.abort(reason));
    await expect(starting).rejects.toBe(reason);
  });

  test.each<[string, (stream: ServerHttp2Stream, client: SessionClient) => unknown]>([
    ['we close', (_stream, client) => client.close()],
    ['the agent closes', (stream) => stream.session?.destroy()],
    ['the agent resets the stream of', (stream) => stream.close(8)],
  ])('is lost, not answered, when %s the connection after the headers', async (_name, cut) => {
    const { client } = startAgent((stream) => {
      stream.resume();
      stream.respond({ ':status': 200 });
      stream.write('');
      // Its answer comes after the client has seen the headers.
      stream.session?.ping(() => cut(stream, client));
    });
    await expect(client.listSessions(AbortSignal.timeout(5000))).rejects.toMatchObject({
      code: 'connectionLost',
    });
  });

  test('over a connection that is closed is lost', async () => {
    const { client } = startAgent((stream) => stream.resume());
    client.close();
    await expect(client.listSessions(AbortSignal.timeout(5000))).rejects.toMatchObject({
      code: 'connectionLost',
    });
  });
});
