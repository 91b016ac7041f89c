import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CopyEntry } from '../../../../copy-stream/copy-entry.ts';
import { encodeHole, headBytes, writeHead } from '../../../../copy-stream/copy-frames.ts';
import { choosePlace } from './destination-place.ts';
import { TreeWriter } from './tree-writer.ts';

let root: string;
let destination: string;
let told: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tree-writer-'));
  destination = join(root, 'inside');
  told = [];
});

afterEach(() => rmSync(root, { recursive: true }));

const rules = { preserve: true, setsOwner: false, keepParts: false, fileMode: 0o644, folderMode: 0o755 };
const types = { folder: 0o040755, file: 0o100644, link: 0o120777, setuid: 0o104755 };

function create(changed: Partial<typeof rules> = {}) {
  const place = (top: CopyEntry) => choosePlace({ path: destination, isFolder: false }, top);
  return new TreeWriter(place, { ...rules, ...changed }, (path, reason) =>
    told.push(`${path.toString()}: ${reason}`),
  );
}

function describeEntry(type: keyof typeof types, path: string, link = '', start = 0): CopyEntry {
  return {
    ...{ mode: types[type], uid: 0, gid: 0, mtimeNs: 1_700_000_000_123_456_000n, size: 0, start },
    ...{ path: Buffer.from(path, 'latin1'), link: Buffer.from(link) },
  };
}

function add(writer: TreeWriter, type: keyof typeof types, path: string, content: string | null = null) {
  const isFile = type === 'file' || type === 'setuid';
  writer.begin(describeEntry(type, path, isFile ? '' : (content ?? '')), false);
  if (isFile) sendContent(writer, content ?? '');
}

function sendContent(writer: TreeWriter, content: string, sha256: Buffer | null = null): void {
  const data = Buffer.from(content);
  const head = Buffer.alloc(headBytes);
  writeHead(head, 'data', data.length);
  writer.dataHead(head);
  writer.data(data);
  writer.end(sha256 ?? createHash('sha256').update(head).update(data).digest());
}

describe('a tree from a target', () => {
  test('has its files, folders, links, permissions and times', () => {
    const writer = create();
    add(writer, 'folder', 'top');
    add(writer, 'file', 'top/a', 'hello');
    add(writer, 'folder', 'top/b');
    add(writer, 'link', 'top/b/l', '/etc/passwd');
    writer.begin(describeEntry('file', 'top/b/h', 'top/a'), true);
    add(writer, 'file', 'top/z\u00ff', 'a name that is not UTF-8');
    writer.finish();
    expect(told).toEqual([]);
    expect(readFileSync(join(destination, 'a'), 'utf8')).toBe('hello');
    expect(readlinkSync(join(destination, 'b', 'l'))).toBe('/etc/passwd');
    expect(statSync(join(destination, 'b', 'h')).ino).toBe(statSync(join(destination, 'a')).ino);
    expect(statSync(join(destination, 'a'), { bigint: true }).mtimeNs / 1000n).toBe(1_700_000_000_123_456n);
    expect(statSync(join(destination, 'b')).mtimeMs).toBeCloseTo(1_700_000_000_123.456, 2);
    const names = readdirSync(Buffer.from(destination), { encoding: 'buffer' }).map((name) =>
      name.toString('latin1'),
    );
    expect(names.toSorted()).toEqual(['a', 'b', 'z\u00ff']);
  });

  test('has holes where zeros are', () => {
    const writer = create();
    writer.begin(describeEntry('file', 'core'), false);
    const hole = encodeHole(50_000_000);
    writer.hole(50_000_000, hole);
    writer.end(createHash('sha256').update(hole).digest());
    const { size, blocks } = statSync(destination);
    expect([size, blocks]).toEqual([50_000_000, 0]);
  });

  test('never has set-user-ID, whatever is preserved', () => {
    const writer = create();
    add(writer, 'setuid', 'su', 'x');
    expect(statSync(destination).mode & 0o7777).toBe(0o755);
  });

  test('leaves no file of which other bytes came than were sent', () => {
    const writer = create();
    writer.begin(describeEntry('file', 'a'), false);
    sendContent(writer, 'changed on the way', Buffer.alloc(32));
    writer.finish();
    expect(told).toEqual(['a: other bytes came than were sent']);
    expect(readdirSync(root)).toEqual([]);
  });

  test('leaves nothing of a file that is cut, and a part when another copy is to go on', () => {
    for (const keepParts of [false, true]) {
      const writer = create({ keepParts });
      writer.begin(describeEntry('file', 'big'), false);
      writer.data(Buffer.from('first'));
      writer.abandon();
      expect(readdirSync(root)).toEqual(keepParts ? ['.inside.crashcart-part'] : []);
    }
    const writer = create({ keepParts: true });
    writer.begin(describeEntry('file', 'big', '', 5), false);
    sendContent(writer, ' and second');
    expect(readFileSync(destination, 'utf8')).toBe('first and second');
  });
});

describe('a destination that exists', () => {
  test('is replaced at once, and a link is replaced itself', () => {
    mkdirSync(destination);
    writeFileSync(join(root, 'outside'), 'old');
    symlinkSync('../outside', join(destination, 'a'));
    const writer = create();
    add(writer, 'folder', 'top');
    add(writer, 'file', 'top/a', 'new');
    expect(readFileSync(join(root, 'outside'), 'utf8')).toBe('old');
    expect(lstatSync(join(destination, 'a')).isFile()).toBe(true);
  });

  test('is not entered through a link, nor is a folder replaced by a file', () => {
    mkdirSync(join(destination, 'd'), { recursive: true });
    mkdirSync(join(root, 'outside'));
    symlinkSync('../outside', join(destination, 'l'));
    const writer = create();
    add(writer, 'folder', 'top');
    add(writer, 'file', 'top/d', 'x');
    add(writer, 'folder', 'top/l');
    add(writer, 'file', 'top/l/x', 'x');
    writer.finish();
    expect(told).toEqual([
      'top/d: a folder has its name here',
      'top/l: something else than a folder has its name here',
    ]);
    expect(readdirSync(join(root, 'outside'))).toEqual([]);
  });
});

/** A small generator of numbers that are the same in each run (https://en.wikipedia.org/wiki/Linear_congruential_generator). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('nothing is written outside of the destination, whatever entries come in whatever order', () => {
  const names = ['a', 'b', '..', '.', '', '../x', '/etc', 'a\0b', 'link', '.a.crashcart-part', 'C:', 'nul'];
  const links = ['..', '../..', '/', '.', 'a', '../outside', '/tmp', 'link', 'top/a', '../../outside/kept'];
  for (let seed = 1; seed <= 300; seed++) {
    const outside = join(root, 'outside');
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'kept'), 'kept');
    const random = createRandom(seed);
    const pick = (from: string[]) => from[random(from.length)] ?? '';
    const writer = create({ keepParts: random(2) === 0 });
    const paths = ['top'];
    add(writer, 'folder', 'top');
    for (let count = 0; count < 60; count++) {
      const path = random(12) === 0 ? pick(names) : `${pick(paths)}/${pick(names)}`;
      paths.push(path);
      const kind = random(5);
      try {
        if (kind === 0) add(writer, 'folder', path);
        else if (kind === 1) add(writer, 'link', path, pick(links));
        else if (kind === 2) writer.begin(describeEntry('file', path, pick([...paths, ...links])), true);
        else if (kind === 3) add(writer, 'file', path, 'evil');
        else writer.begin(describeEntry('file', path, '', random(3)), false);
      } catch (error) {
        // Only a new top may fail as a whole: its place is the user's.
        expect(error).toMatchObject({ code: 'outputFile' });
      }
    }
    writer.abandon();
    expect([seed, readdirSync(outside), readFileSync(join(outside, 'kept'), 'utf8')]).toEqual([
      seed,
      ['kept'],
      'kept',
    ]);
    expect(statSync(join(outside, 'kept')).nlink).toBe(1);
    const above = readdirSync(root).filter((name) => !['outside', 'inside'].includes(name));
    expect([seed, above.filter((name) => name !== '.inside.crashcart-part')]).toEqual([seed, []]);
    expect(existsSync('/etc/crashcart-part')).toBe(false);
    rmSync(destination, { recursive: true, force: true });
  }
});
