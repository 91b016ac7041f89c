import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { OutputBuffer } from './output-buffer.ts';

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

const capacityBytes = 1024 * 1024;

/** As they come from a pipe. */
function splitIntoPieces(data: Buffer): Buffer[] {
  const bytes = 64 * 1024;
  return Array.from({ length: Math.ceil(data.length / bytes) }, (_, index) =>
    data.subarray(index * bytes, (index + 1) * bytes),
  );
}

/** Of a command without a terminal. */
function keepPipe(source: Readable): OutputBuffer {
  return new OutputBuffer(source, { capacityBytes, isTerminal: false });
}

function keepTerminal(source: Readable): OutputBuffer {
  return new OutputBuffer(source, { capacityBytes, isTerminal: true });
}

/** Writes until the source takes no more, or that much was written. */
async function fill(source: PassThrough, limitBytes: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  while (sent < limitBytes) {
    const more = source.write(chunk);
    sent += chunk.length;
    await new Promise((resolve) => setImmediate(resolve));
    if (!more && source.writableNeedDrain) break;
  }
  return sent;
}

describe('an output buffer', () => {
  test('gives every byte again from an offset that was not acknowledged', async () => {
    const data = randomBytes(300_000);
    const buffer = keepPipe(Readable.from([data.subarray(0, 100_000), data.subarray(100_000)]));
    await buffer.drain();
    buffer.acknowledge(100_000);
    expect(data.subarray(123_456).equals(await collect(buffer.hold(123_456).chunks))).toBe(true);
    expect(buffer.sha256).toBe(createHash('sha256').update(data).digest('hex'));
    expect(buffer.bytes).toBe(data.length);
  });

  test('refuses an offset that is no longer kept, or not yet there', async () => {
    const pieces = Array.from({ length: 40 }, () => randomBytes(64 * 1024));
    const buffer = keepPipe(Readable.from(pieces));
    let received = 0;
    for await (const { length } of buffer.hold(0).chunks) buffer.acknowledge((received += length));
    for (const offset of [3, buffer.bytes + 1])
      expect(() => buffer.hold(offset)).toThrow(expect.objectContaining({ code: 'offsetUnavailable' }));
  });

  test('reads what is left after the command’s end, though nobody makes room for it', async () => {
    const data = randomBytes(capacityBytes + 200_000);
    const buffer = keepPipe(Readable.from(splitIntoPieces(data)));
    await buffer.drain();
    expect(data.equals(await collect(buffer.hold(0).chunks))).toBe(true);
    expect(buffer.sha256).toBe(createHash('sha256').update(data).digest('hex'));
  });

  test('reads no more of it than a pipe can hold', async () => {
    const source = new PassThrough();
    const buffer = keepPipe(source);
    await fill(source, 2 * capacityBytes);
    void buffer.drain();
    await fill(source, 100 * capacityBytes);
    expect(buffer.bytes).toBeGreaterThan(1.5 * capacityBytes);
    expect(buffer.bytes).toBeLessThan(3 * capacityBytes);
  });

  test('keeps the tail of an output that was acknowledged to its end', async () => {
    const buffer = keepPipe(Readable.from([Buffer.alloc(500_000, 'a'), Buffer.from('the end')]));
    await buffer.drain();
    buffer.acknowledge(buffer.bytes);
    expect((await collect(buffer.watch(null).chunks)).toString()).toMatch(/^a{60000,}the end$/);
  });

  test('holds the command back while nothing is acknowledged, and goes on afterwards', async () => {
    const source = new PassThrough({ highWaterMark: 64 * 1024 });
    const buffer = keepPipe(source);
    const chunk = Buffer.alloc(64 * 1024);
    let sent = 0;
    while (source.write(chunk) || buffer.bytes >= sent) {
      sent += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
      if (sent > 64 * 1024 * 1024) throw new Error('the buffer takes without a limit');
    }
    const held = buffer.bytes;
    expect(source.isPaused()).toBe(true);
    buffer.acknowledge(held);
    source.end();
    await buffer.drain();
    expect(buffer.bytes).toBeGreaterThan(held);
  });

  test('passes on far more than it keeps, unchanged, to a reader that acknowledges late', async () => {
    const pieces = Array.from({ length: 400 }, (_, index) => randomBytes(1 + ((index * 7919) % 65_536)));
    const data = Buffer.concat(pieces);
    const buffer = keepPipe(Readable.from(pieces));
    const hash = createHash('sha256');
    let received = 0;
    for await (const chunk of buffer.hold(0).chunks) {
      hash.update(chunk);
      received += chunk.length;
      // As a client does: what it has not yet acknowledged must not be overwritten.
      if (received % 3 === 0 || buffer.bytes - received < 100_000) buffer.acknowledge(received);
    }
    expect(received).toBe(data.length);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
  });

  test('gives what comes later to a reader that is already waiting', async () => {
    const source = new PassThrough();
    const buffer = keepPipe(source);
    const reading = collect(buffer.hold(0).chunks);
    source.write('one');
    source.end('two');
    expect((await reading).toString()).toBe('onetwo');
  });
});

describe('the output of a terminal', () => {
  test('goes on while nobody holds the session, and begins where it is still kept', async () => {
    const source = new PassThrough();
    const buffer = keepTerminal(source);
    const sent = await fill(source, 5 * capacityBytes);
    expect(sent).toBe(5 * capacityBytes);
    source.end();
    const { offset, chunks } = buffer.hold(0);
    expect(offset).toBe(sent - capacityBytes);
    expect((await collect(chunks)).length).toBe(capacityBytes);
  });

  test('waits for the one who holds the session', async () => {
    const source = new PassThrough();
    const buffer = keepTerminal(source);
    const { chunks } = buffer.hold(0);
    // Until it is read from, nobody is there.
    source.write('first');
    await chunks.next();
    expect(await fill(source, 64 * capacityBytes)).toBeLessThan(2 * capacityBytes);
    await chunks.return();
    expect(source.isPaused()).toBe(false);
  });

  test('does not wait for one who watches, and leaves out what that one is too slow for', async () => {
    const source = new PassThrough();
    const buffer = keepTerminal(source);
    const { chunks } = buffer.watch(null);
    source.write('first');
    expect(String((await chunks.next()).value)).toBe('first');
    const sent = await fill(source, 5 * capacityBytes);
    source.end();
    expect(sent).toBe(5 * capacityBytes);
    expect((await collect(chunks)).length).toBe(capacityBytes);
  });

  test('begins for a new client with what is still to come', async () => {
    const source = new PassThrough();
    const buffer = keepTerminal(source);
    source.write('past');
    await new Promise((resolve) => setImmediate(resolve));
    const reading = buffer.hold(null);
    source.end('future');
    expect(reading.offset).toBe(4);
    expect((await collect(reading.chunks)).toString()).toBe('future');
  });
});
