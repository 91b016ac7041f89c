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
    expect(sink.written).toBe(11);
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
    expect(sink.written).toBe(20);
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
