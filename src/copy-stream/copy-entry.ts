/** A file, folder or link of a copy. */
export interface CopyEntry {
  /** Type and permissions, as stat(2). */
  mode: number;
  uid: number;
  gid: number;
  /** Nanoseconds since 1970. */
  mtimeNs: bigint;
  size: number;
  /** Where the data begin: the receiver has what is before. */
  start: number;
  /** Below the source, with the source's own name first; bytes, which need not be UTF-8. */
  path: Buffer;
  /** What a symbolic link says, or the path of the file that a hard link is of; else empty. */
  link: Buffer;
}

const headBytes = 38;
const typeMask = 0o170000;
const types = { folder: 0o040000, file: 0o100000, symbolicLink: 0o120000 } as const;

/** @returns null for what is never copied, as a device. */
export function getType({ mode }: Pick<CopyEntry, 'mode'>): keyof typeof types | null {
  const found = Object.entries(types).find(([, type]) => (mode & typeMask) === type);
  return found === undefined ? null : (found[0] as keyof typeof types);
}

/** @throws RangeError for a content that is too short. */
export function decodeEntry(content: Buffer): CopyEntry {
  const pathBytes = content.readUInt16LE(36);
  if (content.length < headBytes + pathBytes) throw new RangeError('an entry is too short');
  return {
    mode: content.readUInt32LE(0),
    uid: content.readUInt32LE(4),
    gid: content.readUInt32LE(8),
    mtimeNs: content.readBigInt64LE(12),
    size: Number(content.readBigUInt64LE(20)),
    start: Number(content.readBigUInt64LE(28)),
    path: Buffer.from(content.subarray(headBytes, headBytes + pathBytes)),
    link: Buffer.from(content.subarray(headBytes + pathBytes)),
  };
}

/** @returns the content of a frame. */
export function encodeEntry(entry: CopyEntry): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeUInt32LE(entry.mode, 0);
  head.writeUInt32LE(entry.uid, 4);
  head.writeUInt32LE(entry.gid, 8);
  head.writeBigInt64LE(entry.mtimeNs, 12);
  head.writeBigUInt64LE(BigInt(entry.size), 20);
  head.writeBigUInt64LE(BigInt(entry.start), 28);
  head.writeUInt16LE(entry.path.length, 36);
  return Buffer.concat([head, entry.path, entry.link]);
}
