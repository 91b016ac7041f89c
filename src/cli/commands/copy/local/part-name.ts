import { createHash } from 'node:crypto';

const suffix = '.crashcart-part';
const maxNameBytes = 255;

/** @returns what a file is called until it is whole; name_part in copy_frames.py gives the same. */
export function namePart(name: Buffer): Buffer {
  const part = Buffer.concat([Buffer.from('.'), name, Buffer.from(suffix)]);
  if (part.length <= maxNameBytes) return part;
  return Buffer.from(`.${createHash('sha256').update(name).digest('hex')}${suffix}`);
}

/** @returns the file that a part is of; null for what is not a part. */
export function readPartName(part: Buffer): Buffer | null {
  const text = part.toString('latin1');
  if (!text.startsWith('.') || !text.endsWith(suffix)) return null;
  return part.subarray(1, part.length - suffix.length);
}
