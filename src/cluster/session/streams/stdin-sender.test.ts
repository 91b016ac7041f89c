import { afterEach, describe, expect, test } from '@jest/globals';
import { type ClientHttp2Stream, connect, constants, createServer, type ServerHttp2Stream } from 'node:http2';
import { duplexPair, PassThrough } from 'node:stream';
import { StdinSender } from './stdin-sender.ts';

const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** A request for stdin, and the agent's end of it. */
async function open(): Promise<{ stream: ClientHttp2Stream; agent: ServerHttp2Stream }> {
  const [ours, theirs] = duplexPair();
  const server = createServer();
  const arrived = new Promise<ServerHttp2Stream>((resolve) => server.once('stream', resolve));
  server.emit('connection', theirs);
  const session = connect('http://agent', { createConnection: () => ours });
  session.on('error', () => undefined);
  opened.push(() => session.destroy());
  const stream = session.request({ ':method': 'PUT' }, { endStream: false });
  const agent = await arrived;
  agent.on('error', () => undefined);
  agent.respond({ ':status': 200 });
  return { stream, agent };
}

function report(agent: ServerHttp2Stream, received: number, isEnded = false): void {
  agent.write(`${JSON.stringify({ received, isEnded })}\n`);
}

async function read(agent: ServerHttp2Stream, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) {
    const chunk = agent.read() as Buffer | null;
    if (chunk) text += chunk.toString();
    else await new Promise((resolve) => agent.once('readable', resolve));
  }
  return text;
}

describe('stdin', () => {
  test('is sent again from the first byte that the agent has not received', async () => {
    const source = new PassThrough();
    const sender = new StdinSender(source, 0);
    const first = await open();
    const sending = sender.send(first.stream);
    source.write('0123456789');
    expect(await read(first.agent, 10)).toBe('0123456789');
    report(first.agent, 4);
    await new Promise<void>((resolve) => {
      const look = () => (sender.offset === 4 ? resolve() : setImmediate(look));
      look();
    });
    first.agent.close(2);
    await expect(sending).rejects.toMatchObject({ code: 'streamCut' });

    source.end('ab');
    const second = await open();
    const again = sender.send(second.stream);
    expect(await read(second.agent, 8)).toBe('456789ab');
    report(second.agent, 12, true);
    second.agent.end();
    await again;
  });

  test('of a new client waits for where the others’ ends', async () => {
    const source = new PassThrough();
    const sender = new StdinSender(source, null);
    const { stream, agent } = await open();
    const sending = sender.send(stream);
    source.write('mine');
    report(agent, 100);
    expect(await read(agent, 4)).toBe('mine');
    expect(sender.offset).toBe(100);
    sender.close();
    await sending;
  });

  test('that the client itself stops does not count as a lost connection', async () => {
    const sender = new StdinSender(new PassThrough(), 0);
    const { stream } = await open();
    const sending = sender.send(stream);
    sender.close();
    await expect(sending).resolves.toBeUndefined();
  });

  test('whose answer ends without saying that the command’s is closed was cut', async () => {
    const sender = new StdinSender(new PassThrough(), 0);
    const { stream, agent } = await open();
    const sending = sender.send(stream);
    report(agent, 0);
    agent.end();
    await expect(sending).rejects.toMatchObject({ code: 'streamCut' });
  });

  test('is not read further than what may be unacknowledged', async () => {
    const source = new PassThrough();
    const sender = new StdinSender(source, 0);
    const { stream, agent } = await open();
    sender.send(stream).catch(() => undefined);
    agent.resume();
    let written = 0;
    while (!source.writableNeedDrain && written < 64 * 1024 * 1024) {
      source.write(Buffer.alloc(64 * 1024));
      written += 64 * 1024;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(written).toBeLessThan(8 * 1024 * 1024);
    report(agent, 4 * 1024 * 1024);
    await new Promise((resolve) => source.once('drain', resolve));
    sender.close();
  });

  test('that breaks at once is cut without an end before', async () => {
    for (let round = 0; round < 20; round++) {
      const source = new PassThrough();
      const sender = new StdinSender(source, 0);
      const { stream, agent } = await open();
      // As the agent reads it (session-streams.ts).
      const isWhole = (async () => {
        for await (const piece of agent) void piece;
        return !agent.aborted && agent.rstCode === 0;
      })().catch(() => false);
      const sending = sender.send(stream);
      source.destroy(new Error('EBADF: bad file descriptor, read'));
      await expect(sending).rejects.toMatchObject({ code: 'stdinFailed' });
      expect(await isWhole).toBe(false);
    }
  });

  test.each(['before', 'while'])('that breaks %s it is sent is not told as its end', async (when) => {
    const source = new PassThrough();
    const sender = new StdinSender(source, 0);
    const { stream, agent } = await open();
    const cut = new Promise((resolve) => agent.once('aborted', resolve));
    source.write('half');
    if (when === 'before') source.destroy(new Error('EIO: i/o error, read'));
    const sending = sender.send(stream);
    if (when === 'while') {
      expect(await read(agent, 4)).toBe('half');
      source.destroy(new Error('EIO: i/o error, read'));
    }
    await expect(sending).rejects.toMatchObject({
      code: 'stdinFailed',
      message: "stdin can't be read: EIO: i/o error, read",
    });
    await cut;
    expect(agent.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
  });
});
