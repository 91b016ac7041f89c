import { expect, test } from '@jest/globals';
import { decodeEntry, encodeEntry, getType } from './copy-entry.ts';
import { encodeFrame, encodeHole, frameKinds, writeHead } from './copy-frames.ts';
import { FrameReader } from './frame-reader.ts';

function read(chunks: Buffer[]) {
  const frames: [string, string][] = [];
  let data = '';
  const reader = new FrameReader({
    onFrame: (kind, content, frame) => {
      frames.push([kind, content.toString('latin1')]);
      expect(frame.subarray(5)).toEqual(content);
    },
    onDataHead: () => undefined,
    onData: (piece) => (data += piece.toString('latin1')),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { frames, data, isWhole: reader.isBetweenFrames };
}

const stream = Buffer.concat([
  encodeFrame('entry', Buffer.from('an entry')),
  encodeFrame('data', Buffer.from('some data')),
  encodeHole(3),
  encodeFrame('data', Buffer.from('and more')),
  encodeFrame('done', Buffer.alloc(0)),
]);

test('frames are the same in whatever pieces they come', () => {
  const whole = read([stream]);
  expect(whole).toEqual({
    frames: [
      ['entry', 'an entry'],
      ['hole', '\u0003\0\0\0\0\0\0\0'],
      ['done', ''],
    ],
    data: 'some dataand more',
    isWhole: true,
  });
  for (const size of [1, 2, 3, 7, 11]) {
    const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
      stream.subarray(index * size, (index + 1) * size),
    );
    expect(read(pieces)).toEqual(whole);
  }
});

test('a stream that is cut is not whole, wherever that is', () => {
  for (let length = 1; length < stream.length; length++) {
    const { frames, isWhole } = read([stream.subarray(0, length)]);
    expect(isWhole && frames.some(([kind]) => kind === 'done')).toBe(false);
  }
});

test('what is not a frame is refused, and so is one that is too long', () => {
  const head = Buffer.alloc(5);
  writeHead(head, 'entry', 2 ** 30);
  expect(() => read([head])).toThrow('a frame of 1073741824 bytes');
  expect(() => read([Buffer.from('?????')])).toThrow('unknown kind');
});

test('an entry is what it was, also with a path that is not UTF-8', () => {
  const entry = {
    ...{ mode: 0o100640, uid: 1000, gid: 2000, mtimeNs: -5n, size: 2 ** 40, start: 7 },
    ...{ path: Buffer.from([0x61, 0x2f, 0xff]), link: Buffer.from('b') },
  };
  expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  expect(() => decodeEntry(encodeEntry(entry).subarray(0, 39))).toThrow('too short');
});

test('only files, folders and symbolic links have a type', () => {
  const all = [0o100644, 0o040755, 0o120777, 0o010644, 0o020644, 0o060644, 0o140644];
  expect(all.map((mode) => getType({ mode }))).toEqual([
    ...['file', 'folder', 'symbolicLink'],
    ...[null, null, null, null],
  ]);
});

test('each kind has a letter of its own', () => {
  const letters = Object.values(frameKinds);
  expect(new Set(letters).size).toBe(letters.length);
});
