import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { encodeEntry } from '../../../../copy-stream/copy-entry.ts';
import {
  encodeFrame,
  encodeHole,
  headBytes,
  maxFrameBytes,
  writeHead,
} from '../../../../copy-stream/copy-frames.ts';
import type { CopyCounts, CopyRemainder } from '../../../../copy-stream/copy-messages.ts';
import type { LocalFile, TellFile } from './tree-list.ts';

/** Fewer zeros are sent: a hole of a file is a multiple of a block. */
const holeBytes = 64 * 1024;
const zeros = Buffer.alloc(holeBytes);
/** Frames of small files are joined to pieces of this size. */
const pieceBytes = 256 * 1024;

/** What reads a tree needs to know, and tells. */
export interface TreeReaderRequest {
  /** What the target has already, by path; empty: nothing, or it was not asked. */
  remainder: CopyRemainder;
  tell: TellFile;
  onRead: (bytes: number) => void;
}

/**
 * Reads files as the frames of a copy.
 * @returns the stream, piece by piece; after it, what was read.
 */
export function* readTree(
  files: Iterable<LocalFile>,
  { remainder, tell, onRead }: TreeReaderRequest,
): Generator<Buffer, CopyCounts> {
  const counts: CopyCounts = { files: 0, folders: 0, bytes: 0, failures: 0, unchanged: 0 };
  const links = new Map<string, Buffer>();
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for (const file of files) {
    for (const frame of readFile(file)) {
      // A large one is not copied.
      const isLarge = frame.length >= pieceBytes;
      if (!isLarge) waiting.push(frame);
      waitingBytes += frame.length;
      if (waitingBytes < pieceBytes) continue;
      if (waiting.length > 0) yield Buffer.concat(waiting);
      if (isLarge) yield frame;
      waiting = [];
      waitingBytes = 0;
    }
  }
  yield Buffer.concat([...waiting, encodeFrame('done', Buffer.from(JSON.stringify(counts)))]);
  return counts;

  function* readFile(file: LocalFile): Generator<Buffer> {
    const { path, status, link } = file;
    if (status.isDirectory() || status.isSymbolicLink()) {
      if (status.isDirectory()) counts.folders++;
      else counts.files++;
      yield describe(file, 'entry', 0, link);
      return;
    }
    const identity = `${status.dev}:${status.ino}`;
    const first = links.get(identity);
    // Windows has no such number for every file.
    if (status.nlink > 1n && status.ino !== 0n) {
      if (first !== undefined) {
        counts.files++;
        yield describe(file, 'hardLink', 0, first);
        return;
      }
      links.set(identity, path);
    }
    const known = remainder[path.toString()];
    if (known?.part === null) return void counts.unchanged++;
    yield* readContent(file, known?.part ?? null);
  }

  function* readContent(file: LocalFile, part: { size: number; sha256: string } | null): Generator<Buffer> {
    const { place, path } = file;
    let descriptor: number;
    try {
      // What was a file when it was listed may be a FIFO now: O_NONBLOCK does not wait for its writer.
      descriptor = openSync(place, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      counts.failures++;
      return tell(path, (error as Error).message, false);
    }
    try {
      const status = fstatSync(descriptor, { bigint: true });
      if (!status.isFile()) throw new Error('it is not a file any more');
      const size = Number(status.size);
      const start =
        part !== null && part.size <= size && hashStart(descriptor, part.size) === part.sha256
          ? part.size
          : 0;
      yield describe({ ...file, status }, 'entry', start, Buffer.alloc(0));
      yield* readData(descriptor, status, start, path);
    } catch (error) {
      counts.failures++;
      yield encodeFrame('cut', Buffer.from((error as Error).message));
      tell(path, (error as Error).message, false);
    } finally {
      closeSync(descriptor);
    }
  }

  function* readData(
    descriptor: number,
    status: BigIntStats,
    start: number,
    path: Buffer,
  ): Generator<Buffer> {
    const size = Number(status.size);
    const hash = createHash('sha256');
    let position = start;
    while (position < size) {
      const frame = Buffer.allocUnsafe(headBytes + Math.min(maxFrameBytes, size - position));
      const count = readSync(descriptor, frame, headBytes, frame.length - headBytes, position);
      if (count === 0) throw new Error('it was shortened while it was read');
      position += count;
      onRead(count);
      for (const one of splitZeros(frame.subarray(0, headBytes + count))) {
        hash.update(one);
        yield one;
      }
    }
    const after = fstatSync(descriptor, { bigint: true });
    const wasChanged = after.mtimeNs !== status.mtimeNs || after.size !== status.size;
    if (wasChanged) tell(path, describeChange(size), true);
    counts.files++;
    counts.bytes += size;
    yield encodeFrame('end', Buffer.concat([Buffer.of(Number(wasChanged)), hash.digest()]));
  }
}

/** @returns what to say of a file that was written to while it was read. */
export function describeChange(size: number): string {
  return `it was changed while it was copied: its first ${size} bytes are there, from before or after the change`;
}

function describe(
  { path, status }: LocalFile,
  kind: 'entry' | 'hardLink',
  start: number,
  link: Buffer,
): Buffer {
  const { mode, uid, gid, mtimeNs, size } = status;
  return encodeFrame(
    kind,
    encodeEntry({
      ...{ mode: Number(mode), uid: Number(uid), gid: Number(gid), mtimeNs, size: Number(size) },
      ...{ start, path, link },
    }),
  );
}

/** @param frame of data, with room for its head. @returns frames with their heads; long zeros are holes. */
function splitZeros(frame: Buffer): Buffer[] {
  const content = frame.subarray(headBytes);
  const parts: { first: number; length: number; isZero: boolean }[] = [];
  for (let first = 0; first < content.length; first += holeBytes) {
    const block = content.subarray(first, first + holeBytes);
    const isZero = block.length === holeBytes && block[0] === 0 && block.equals(zeros);
    const last = parts.at(-1);
    if (last?.isZero === isZero) last.length += block.length;
    else parts.push({ first, length: block.length, isZero });
  }
  return parts.map(({ first, length, isZero }) => {
    if (isZero) return encodeHole(length);
    if (first > 0) return encodeFrame('data', content.subarray(first, first + length));
    writeHead(frame, 'data', length);
    return frame.subarray(0, headBytes + length);
  });
}

function hashStart(descriptor: number, size: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(maxFrameBytes);
  for (let position = 0; position < size;) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, size - position), position);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
    position += count;
  }
  return hash.digest('hex');
}
