/**
 * Frames that carry the bytes of many connections: a type (1 byte), a channel (4 bytes), a length (4 bytes) and a content of
 * that length. Numbers are little-endian. `forward-ports` of the toolbox is the other side.
 */
export const channelFrames = {
  /** JSON: what to connect to; from the target's side: which of its ports somebody has connected to. */
  open: 'O',
  opened: 'A',
  /** A text: why not. */
  failed: 'X',
  /** JSON: a port of the target. The channel is its number. */
  listen: 'L',
  data: 'D',
  /** The sender sends no more; the other direction goes on. */
  end: 'F',
  /** Both directions are cut. */
  reset: 'R',
  /** 4 bytes: how many more bytes the receiver takes. */
  credit: 'C',
} as const;
export type ChannelFrameKind = keyof typeof channelFrames;

export const frameHeadBytes = 9;
export const maxChannelFrameBytes = 1024 * 1024;
/** What may be on its way on a channel. */
export const channelWindowBytes = 256 * 1024;
/** Channels from here on were opened by the target's side. */
export const firstTargetChannel = 2 ** 31;

const kindsByByte = new Map(
  Object.entries(channelFrames).map(([kind, letter]) => [letter.charCodeAt(0), kind as ChannelFrameKind]),
);

export interface ChannelFrame {
  kind: ChannelFrameKind;
  channel: number;
  content: Buffer;
}

/** @returns the head; what follows it is the content. */
export function encodeChannelHead(kind: ChannelFrameKind, channel: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  head.writeUInt8(channelFrames[kind].charCodeAt(0), 0);
  head.writeUInt32LE(channel, 1);
  head.writeUInt32LE(length, 5);
  return head;
}

/** Cuts a stream into frames. */
export class ChannelFrameReader {
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  /** @returns the frames that a piece completes. @throws RangeError for what is not such a stream. */
  push(piece: Buffer): ChannelFrame[] {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes < this.#countNeeded()) return [];
    let rest = this.#waiting.length === 1 ? piece : Buffer.concat(this.#waiting);
    const frames: ChannelFrame[] = [];
    for (;;) {
      const frame = readFrame(rest);
      if (frame === null) break;
      frames.push(frame);
      rest = rest.subarray(frameHeadBytes + frame.content.length);
    }
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    return frames;
  }

  /** So that a large frame is joined once, and not with each of its pieces. */
  #countNeeded(): number {
    const [first] = this.#waiting;
    if (first === undefined || first.length < frameHeadBytes) return frameHeadBytes;
    return frameHeadBytes + readHead(first).length;
  }
}

/** @returns null when not all of it is there. */
function readFrame(bytes: Buffer): ChannelFrame | null {
  if (bytes.length < frameHeadBytes) return null;
  const { kind, channel, length } = readHead(bytes);
  if (bytes.length < frameHeadBytes + length) return null;
  return { kind, channel, content: bytes.subarray(frameHeadBytes, frameHeadBytes + length) };
}

function readHead(bytes: Buffer): { kind: ChannelFrameKind; channel: number; length: number } {
  const kind = kindsByByte.get(bytes.readUInt8(0));
  if (kind === undefined) throw new RangeError(`a frame of an unknown kind (${bytes.readUInt8(0)})`);
  const length = bytes.readUInt32LE(5);
  if (length > maxChannelFrameBytes) throw new RangeError(`a frame of ${length} bytes`);
  return { kind, channel: bytes.readUInt32LE(1), length };
}
