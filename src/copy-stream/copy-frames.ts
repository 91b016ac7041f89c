/**
 * The stream of a copy, which copy_frames.py of the toolbox reads and writes as well: frames of a type (1 byte), a length
 * (4 bytes) and a content of that length. Numbers are little-endian. A file is an entry, its data and holes, and an end
 * with the SHA-256 of all of the frames between the two.
 */
export const frameKinds = {
  /** {@link CopyEntry}. */
  entry: 'E',
  /** {@link CopyEntry}: another name of a file that came before. */
  hardLink: 'L',
  data: 'D',
  /** 8 bytes: how many zeros. */
  hole: 'O',
  /** 1 byte: whether the file was changed meanwhile; 32 bytes: the SHA-256. */
  end: 'F',
  /** In place of the end: why the file could not be read to it. */
  cut: 'C',
  failure: 'X',
  totals: 'T',
  have: 'H',
  /** Without this one, the stream was cut. */
  done: 'Z',
} as const;
export type FrameKind = keyof typeof frameKinds;

export const headBytes = 5;
/** The largest content of a frame. */
export const maxFrameBytes = 1024 * 1024;
/** Only the answer about what is there already may be longer: it has all files of a tree. */
export const maxTextFrameBytes = 64 * 1024 * 1024;

const kindsByByte = new Map(
  Object.entries(frameKinds).map(([kind, letter]) => [letter.charCodeAt(0), kind as FrameKind]),
);

/** @returns null for a byte that is not of a kind. */
export function readKind(byte: number): FrameKind | null {
  return kindsByByte.get(byte) ?? null;
}

/** Writes the head of a frame into a buffer. */
export function writeHead(buffer: Buffer, kind: FrameKind, length: number): void {
  buffer.writeUInt8(frameKinds[kind].charCodeAt(0), 0);
  buffer.writeUInt32LE(length, 1);
}

/** @returns a frame with its head. */
export function encodeFrame(kind: FrameKind, content: Buffer): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  writeHead(head, kind, content.length);
  return Buffer.concat([head, content]);
}

/** @returns a frame of zeros that are not sent. */
export function encodeHole(length: number): Buffer {
  const content = Buffer.allocUnsafe(8);
  content.writeBigUInt64LE(BigInt(length));
  return encodeFrame('hole', content);
}
