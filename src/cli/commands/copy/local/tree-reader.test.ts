import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { decodeEntry } from '../../../../copy-stream/copy-entry.ts';
import { FrameReader } from '../../../../copy-stream/frame-reader.ts';
import { choosePlace } from './destination-place.ts';
import { listTree } from './tree-list.ts';
import { readTree } from './tree-reader.ts';
import { TreeWriter } from './tree-writer.ts';

let root: string;
let source: string;
let told: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tree-reader-'));
  source = join(root, 'source');
  mkdirSync(source);
  told = [];
});

afterEach(() => rmSync(root, { recursive: true }));

function tell(path: Buffer, reason: string): void {
  told.push(`${path.toString()}: ${reason}`);
}

/** Copies the source beside itself, by the frames of a copy. @returns what the reader counts. */
function copy(patterns = { include: [] as string[], exclude: [] as string[] }, onRead = () => undefined) {
  const rules = { preserve: true, setsOwner: false, keepParts: false, fileMode: 0o644, folderMode: 0o755 };
  const writer = new TreeWriter(
    (top) => choosePlace({ path: join(root, 'copy'), isFolder: false }, top),
    rules,
    tell,
  );
  const reader = new FrameReader({
    onDataHead: (head) => writer.dataHead(head),
    onData: (piece) => writer.data(Buffer.from(piece)),
    onFrame: (kind, content, frame) => {
      if (kind === 'entry' || kind === 'hardLink') writer.begin(decodeEntry(content), kind === 'hardLink');
      else if (kind === 'hole') writer.hole(Number(content.readBigUInt64LE()), frame);
      else if (kind === 'end') writer.end(content.subarray(1));
      else if (kind === 'cut') writer.cut(content.toString());
    },
  });
  const pieces = readTree(listTree(source, 'source', patterns, tell), { remainder: {}, tell, onRead });
  for (;;) {
    const { value, done } = pieces.next();
    if (done === true) {
      writer.finish();
      return value;
    }
    reader.push(value);
  }
}

test('a tree is the same at the other end, with links, holes, times and names that are not UTF-8', () => {
  mkdirSync(join(source, 'folder'));
  writeFileSync(join(source, 'folder', 'big'), Buffer.alloc(3_000_001, 'abc'));
  writeFileSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.of(0xff)]), 'not text');
  writeFileSync(join(source, 'empty'), '');
  writeFileSync(join(source, 'sparse'), 'begin');
  truncateSync(join(source, 'sparse'), 10_000_000);
  linkSync(join(source, 'empty'), join(source, 'other'));
  symlinkSync('nowhere', join(source, 'link'));
  utimesSync(join(source, 'folder'), 1e9, 1e9);
  const counts = copy();
  expect(told).toEqual([]);
  expect(counts).toEqual({ files: 6, folders: 2, bytes: 13_000_009, failures: 0, unchanged: 0 });
  // As the system itself compares them: content, type, size, time and number of names.
  execFileSync('diff', ['-r', '--no-dereference', source, join(root, 'copy')]);
  const list = (folder: string) =>
    execFileSync('find', ['.', '-printf', '%P %y %m %T@ %n %l\n'], { cwd: folder, encoding: 'latin1' })
      .split('\n')
      .map((line) => line.replace(/(\.\d{6})\d*/, '$1'))
      .toSorted();
  expect(list(join(root, 'copy'))).toEqual(list(source));
  expect(execFileSync('du', ['-k', join(root, 'copy', 'sparse')], { encoding: 'utf8' })).toMatch(
    /^\d{1,3}\t/,
  );
});

test('what is left out is not read, and what is not a file is told', () => {
  mkdirSync(join(source, 'left-out'));
  writeFileSync(join(source, 'left-out', 'a.log'), 'x');
  writeFileSync(join(source, 'a.log'), 'x');
  writeFileSync(join(source, 'a.txt'), 'x');
  execFileSync('mkfifo', [join(source, 'fifo.log')]);
  copy({ include: ['*.log'], exclude: ['left-out'] });
  expect(readdirSync(join(root, 'copy'))).toEqual(['a.log']);
  expect(told).toEqual(['source/fifo.log: it is not a file, and is left out']);
});

test('a file that is shortened while it is read is not copied, and is told', () => {
  const place = join(source, 'a');
  writeFileSync(place, Buffer.alloc(5_000_000, 'x'));
  const shorten = () => void truncateSync(place, 100);
  const { failures } = copy(undefined, shorten);
  expect(failures).toBe(1);
  expect(told[0]).toBe('source/a: it was shortened while it was read');
  expect(readdirSync(join(root, 'copy'))).toEqual([]);
});

test('a file that is written to while it is read is copied, and is told', () => {
  const place = join(source, 'a');
  writeFileSync(place, 'x');
  copy(undefined, () => void utimesSync(place, 1, 1));
  expect(told).toEqual([expect.stringContaining('source/a: it was changed while it was copied')]);
});
