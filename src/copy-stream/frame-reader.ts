import { Writable } from 'node:stream';
import { type FrameKind, headBytes, maxFrameBytes, maxTextFrameBytes, readKind } from './copy-frames.ts';

/** Where the parts of a stream go. What a handler throws is thrown by {@link FrameReader.push}. */
export interface FrameHandler {
  /** Called with each frame but data, whole. @param frame with its head: what a hash is made of. */
  onFrame: (kind: Exclude<FrameKind, 'data'>, content: Buffer, frame: Buffer) => void;
  /** Called with data as they come, which may be a part of a frame. */
  onData: (piece: Buffer) => void;
  /** Called with the head of a frame of data. */
  onDataHead: (head: Buffer) => void;
}

/**
 * Cuts a stream into frames. Data are passed on without being copied, whatever the pieces are in which they come.
 * @see copy-frames.ts
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  #waiting: Buffer = Buffer.alloc(0);
  /** What is still to come of a frame of data. */
  #dataBytes = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Whether the last frame is whole. */
  get isBetweenFrames(): boolean {
    return this.#dataBytes === 0 && this.#waiting.length === 0;
  }

  /** @returns a stream for what is to be read. What is not such a stream, and what a handler throws, is its error. */
  createSink(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        try {
          this.push(chunk);
          callback();
        } catch (error) {
          callback(error as Error);
        }
      },
    });
  }

  /** @throws RangeError for what is not such a stream. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#dataBytes > 0) {
        const piece = rest.subarray(0, this.#dataBytes);
        this.#dataBytes -= piece.length;
        rest = rest.subarray(piece.length);
        this.#handler.onData(piece);
        continue;
      }
      if (this.#waiting.length > 0) {
        const missing = countMissing(this.#waiting);
        this.#waiting = Buffer.concat([this.#waiting, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        this.#take(this.#waiting);
        continue;
      }
      const used = this.#take(rest);
      if (used === 0) {
        this.#waiting = Buffer.from(rest);
        return;
      }
      rest = rest.subarray(used);
    }
  }

  /** Takes one frame. @returns how many bytes it has; 0: not all of it is there. */
  #take(bytes: Buffer): number {
    if (bytes.length < headBytes) return 0;
    const { kind, length } = readHead(bytes);
    if (kind === 'data') {
      this.#waiting = Buffer.alloc(0);
      this.#dataBytes = length;
      this.#handler.onDataHead(bytes.subarray(0, headBytes));
      return headBytes;
    }
    const end = headBytes + length;
    if (bytes.length < end) return 0;
    this.#waiting = Buffer.alloc(0);
    this.#handler.onFrame(kind, bytes.subarray(headBytes, end), bytes.subarray(0, end));
    return end;
  }
}

/** How many bytes a beginning lacks: of its head first, then of the frame. */
function countMissing(bytes: Buffer): number {
  if (bytes.length < headBytes) return headBytes - bytes.length;
  return headBytes + readHead(bytes).length - bytes.length;
}

function readHead(bytes: Buffer): { kind: FrameKind; length: number } {
  const kind = readKind(bytes.readUInt8(0));
  const length = bytes.readUInt32LE(1);
  if (kind === null) throw new RangeError(`a frame of an unknown kind (${bytes.readUInt8(0)})`);
  const limit = kind === 'have' ? maxTextFrameBytes : maxFrameBytes;
  if (length > limit) throw new RangeError(`a frame of ${length} bytes`);
  return { kind, length };
}
