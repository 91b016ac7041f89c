import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { StdinSink } from './stdin-sink.ts';

const nothing = () => undefined;

describe('a command’s stdin', () => {
  test('takes bytes that are sent twice once', async () => {
    const pipe = new PassThrough();
    const sink = new StdinSink(pipe, false);
    await sink.writeFrom(Readable.from([Buffer.from('hello ')]), 0, nothing);
    await sink.writeFrom(Readable.from([Buffer.from('lo '), Buffer.from('world')]), 3, nothing);
    sink.end();
    expect(await text(pipe)).toBe('hello world');
    expect(sink.progress).toMatchObject({ received: 11 });
  });

  test('goes on over another connection when the first one has left a part with a command that does not read', async () => {
    const pipe = new PassThrough({ highWaterMark: 1 });
    const sink = new StdinSink(pipe, false);
    const lost = new PassThrough();
    const writing = sink.writeFrom(lost, 0, nothing);
    writing.catch(() => undefined);
    lost.write('abcdef');
    await new Promise((resolve) => setImmediate(resolve));
    const next = sink.writeFrom(Readable.from([Buffer.from('defghi')]), 3, nothing);
    const received = text(pipe);
    await next;
    sink.end();
    expect(await received).toBe('abcdefghi');
    expect(lost.destroyed).toBe(true);
    await expect(writing).rejects.toThrow();
  });

  test('takes what a new client sends after all that came before', async () => {
    const pipe = new PassThrough();
    const sink = new StdinSink(pipe, false);
    await sink.writeFrom(Readable.from([Buffer.from('one ')]), 0, nothing);
    const told: number[] = [];
    await sink.writeFrom(Readable.from([Buffer.from('two')]), null, () => told.push(sink.progress.received));
    sink.end();
    expect(await text(pipe)).toBe('one two');
    expect(told[0]).toBe(4);
  });

  test('ends once, however often a client says so', () => {
    const terminal = new PassThrough();
    const sink = new StdinSink(terminal, true);
    sink.end();
    sink.end();
    expect(terminal.read()).toEqual(Buffer.from([4]));
  });

  test('refuses a gap', async () => {
    const sink = new StdinSink(new PassThrough(), false);
    await expect(sink.writeFrom(Readable.from([Buffer.from('x')]), 5, nothing)).rejects.toMatchObject({
      code: 'offsetUnavailable',
    });
  });

  test('goes on taking, and drops, what a command that closed its stdin does not read', async () => {
    const pipe = new PassThrough({ highWaterMark: 1 });
    const sink = new StdinSink(pipe, false);
    const writing = sink.writeFrom(Readable.from([Buffer.alloc(10), Buffer.alloc(10)]), 0, nothing);
    pipe.destroy(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
    await writing;
    expect(sink.progress).toMatchObject({ received: 20 });
  });

  test('ends on a terminal with an end of transmission', async () => {
    const terminal = new PassThrough();
    const sink = new StdinSink(terminal, true);
    sink.end();
    expect(terminal.read()).toEqual(Buffer.from([4]));
    expect(terminal.writableEnded).toBe(false);
    await Promise.resolve();
  });
});
