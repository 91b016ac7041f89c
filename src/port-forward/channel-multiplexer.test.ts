import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import {
  type ChannelFrame,
  type ChannelFrameKind,
  ChannelFrameReader,
  channelWindowBytes,
  encodeChannelHead,
} from './channel-frames.ts';
import { ChannelMultiplexer } from './channel-multiplexer.ts';

/** The target's side, as a test plays it. */
function create() {
  const multiplexer = new ChannelMultiplexer();
  const reader = new ChannelFrameReader();
  const sent: ChannelFrame[] = [];
  multiplexer.output.on('data', (piece: Buffer) => sent.push(...reader.push(piece)));
  const answer = (kind: ChannelFrameKind, channel: number, content: Buffer | string = '') => {
    const bytes = Buffer.from(content);
    multiplexer.input.write(Buffer.concat([encodeChannelHead(kind, channel, bytes.length), bytes]));
  };
  const connect = async () => {
    const connecting = multiplexer.connect({ host: 'localhost', port: 80 });
    await turn();
    const number = sent.at(-1)?.channel ?? 0;
    answer('opened', number);
    return { channel: await connecting, number };
  };
  const countData = () =>
    sent.filter(({ kind }) => kind === 'data').reduce((sum, { content }) => sum + content.length, 0);
  return { multiplexer, sent, answer, connect, countData };
}

const credit = (bytes: number) => {
  const content = Buffer.alloc(4);
  content.writeUInt32LE(bytes);
  return content;
};

test('each direction of a connection ends by itself', async () => {
  const { answer, connect, sent } = create();
  const { channel, number } = await connect();
  channel.end('question');
  await turn();
  expect(sent.map(({ kind, content }) => `${kind} ${content.toString()}`).slice(1)).toEqual([
    'data question',
    'end ',
  ]);
  answer('data', number, 'answer');
  answer('end', number);
  expect(await text(channel)).toBe('answer');
});

test('no more is sent than the other side has given credit for', async () => {
  const { answer, connect, countData } = create();
  const { channel, number } = await connect();
  channel.end(Buffer.alloc(channelWindowBytes + 1000));
  await turn();
  expect(countData()).toBe(channelWindowBytes);
  answer('credit', number, credit(600));
  await turn();
  expect(countData()).toBe(channelWindowBytes + 600);
  answer('credit', number, credit(10_000));
  await once(channel, 'finish');
  expect(countData()).toBe(channelWindowBytes + 1000);
});

test('credit is given for what was read, and not for what waits', async () => {
  const { answer, connect, sent } = create();
  const { channel, number } = await connect();
  const given = () =>
    sent.filter(({ kind }) => kind === 'credit').map(({ content }) => content.readUInt32LE());
  answer('data', number, Buffer.alloc(channelWindowBytes));
  await turn();
  expect(given()).toEqual([]);
  channel.resume();
  await turn();
  expect(given().reduce((sum, bytes) => sum + bytes, 0)).toBe(channelWindowBytes);
});

test('a connection that fails says why, and one that is reset is not taken for an end', async () => {
  const { multiplexer, answer, connect, sent } = create();
  const failing = multiplexer.connect({ path: '/run/x' });
  await turn();
  answer('failed', sent.at(-1)?.channel ?? 0, 'Connection refused');
  await expect(failing).rejects.toThrow('Connection refused');
  const { channel, number } = await connect();
  answer('data', number, 'half');
  answer('reset', number);
  await expect(text(channel)).rejects.toThrow('reset');
  await turn();
  expect(multiplexer.size).toBe(0);
});

test('a connection that is given up here is reset there', async () => {
  const { connect, sent } = create();
  const { channel, number } = await connect();
  channel.destroy();
  await turn();
  expect(sent.at(-1)).toMatchObject({ kind: 'reset', channel: number });
});

test('all connections are cut when the session ends, also those that are being made', async () => {
  const { multiplexer, connect } = create();
  const { channel } = await connect();
  const waiting = multiplexer.connect({ host: 'localhost', port: 1 });
  const cut = text(channel);
  multiplexer.close('the session has ended');
  await expect(cut).rejects.toThrow('the session has ended');
  await expect(waiting).rejects.toThrow('the session has ended');
});

test('what is not a frame is refused', () => {
  expect(() => new ChannelFrameReader().push(Buffer.alloc(9, '?'))).toThrow('unknown kind');
  expect(() => new ChannelFrameReader().push(encodeChannelHead('data', 1, 2 ** 30))).toThrow('a frame of');
});
