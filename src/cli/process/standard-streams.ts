import { createReadStream, createWriteStream, fstatSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Streams } from '../context.ts';

/**
 * Finds the process's standard streams. For folders and block devices, Node has streams that read nothing and drop what is
 * written to them. They are opened as files here, so that what can't be read or written is told:
 * https://github.com/nodejs/node/blob/v26.0.0/lib/internal/bootstrap/switches/is_main_thread.js
 */
export function openStandardStreams(process: Pick<NodeJS.Process, keyof Streams>): Streams {
  return {
    stdin: isUnknownToNode(0)
      ? (createReadStream('', { fd: 0, autoClose: false }) as unknown as ReadStream)
      : process.stdin,
    stdout: isUnknownToNode(1) ? openOutput(1) : process.stdout,
    stderr: isUnknownToNode(2) ? openOutput(2) : process.stderr,
    env: process.env,
  };
}

function isUnknownToNode(descriptor: number): boolean {
  const stats = fstatSync(descriptor);
  return stats.isDirectory() || stats.isBlockDevice();
}

function openOutput(descriptor: number): WriteStream {
  return createWriteStream('', { fd: descriptor, autoClose: false }) as unknown as WriteStream;
}
