import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { OutputBuffer } from './output-buffer.ts';

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe('an output buffer', () => {
  test('gives every byte again from an offset that was not acknowledged', async () => {
    const data = randomBytes(300_000);
    const buffer = new OutputBuffer(Readable.from([data.subarray(0, 100_000), data.subarray(100_000)]));
    await buffer.waitForEnd();
    buffer.acknowledge(100_000);
    expect(await collect(buffer.readFrom(123_456))).toEqual(data.subarray(123_456));
    expect(buffer.sha256).toBe(createHash('sha256').update(data).digest('hex'));
    expect(buffer.bytes).toBe(data.length);
  });

  test('refuses an offset that was acknowledged', async () => {
    const buffer = new OutputBuffer(Readable.from([Buffer.alloc(10), Buffer.alloc(10)]));
    await buffer.waitForEnd();
    buffer.acknowledge(10);
    await expect(collect(buffer.readFrom(3))).rejects.toMatchObject({ code: 'offsetUnavailable' });
    await expect(collect(buffer.readFrom(21))).rejects.toMatchObject({ code: 'offsetUnavailable' });
  });

  test('holds the command back while nothing is acknowledged, and goes on afterwards', async () => {
    const source = new PassThrough({ highWaterMark: 64 * 1024 });
    const buffer = new OutputBuffer(source);
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
    await buffer.waitForEnd();
    expect(buffer.bytes).toBeGreaterThan(held);
  });

  test('passes on far more than it keeps, unchanged, to a reader that acknowledges late', async () => {
    const pieces = Array.from({ length: 400 }, (_, index) => randomBytes(1 + ((index * 7919) % 65_536)));
    const data = Buffer.concat(pieces);
    const buffer = new OutputBuffer(Readable.from(pieces));
    const hash = createHash('sha256');
    let received = 0;
    for await (const chunk of buffer.readFrom(0)) {
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
    const buffer = new OutputBuffer(source);
    const reading = collect(buffer.readFrom(0));
    source.write('one');
    source.end('two');
    expect((await reading).toString()).toBe('onetwo');
  });
});
