/** Paths are bytes: names of Linux need not be text. */
const separator = Buffer.from('/');

/** @returns the path of what is in a folder. */
export function joinPath(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, separator, name]);
}

/** @returns the parts of a path. */
export function splitPath(path: Buffer): Buffer[] {
  return path
    .toString('latin1')
    .split('/')
    .map((part) => Buffer.from(part, 'latin1'));
}

/** Whether a path is of something in a folder, at any depth. */
export function isBelow(path: Buffer, folder: Buffer): boolean {
  return path.subarray(0, folder.length + 1).equals(Buffer.concat([folder, separator]));
}
