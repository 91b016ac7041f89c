import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { Failure } from '../../failure/failure.ts';
import type { Reporter } from '../../failure/reporter.ts';
import { UsageError } from '../errors.ts';
import { SparseFile } from './sparse-file.ts';

/** A file for a command's stdout. */
export interface OutputFileOptions {
  path: string;
  /** Whether an existing file may be replaced. */
  force: boolean;
}

/**
 * Has a command write a file. The file gets its name only after the command ended with code 0 and all of the output
 * arrived: an incomplete dump looks like a complete one.
 * @param run writes the file; it throws when the output is cut.
 * @returns the command's exit code.
 * @throws UsageError when the file can't be created or exists already; Failure `outputFile` when it can't be written;
 *   what `run` throws.
 */
export async function writeOutputFile(
  { path, force }: OutputFileOptions,
  reporter: Reporter,
  run: (output: Writable) => Promise<number>,
): Promise<number> {
  await refuseExistingFile(path, force);
  const temporary = join(dirname(path), `.crashcart-${randomUUID()}.part`);
  const stream = await openFile(path, temporary);
  const say = (why: string) => reporter.error(`${path} was not written: ${why}`);
  try {
    const code = await run(stream);
    await close(stream);
    if (code === 0) await giveName(temporary, path, force);
    else say(`the command ended with code ${code}`);
    return code;
  } catch (error) {
    if (stream.errored)
      throw new Failure('outputFile', `${path} can't be written: ${stream.errored.message}`, null, {
        cause: error,
      });
    // When the command did not even start, the error alone is enough.
    if (stream.bytesWritten > 0) say('only a part of the output arrived');
    throw error;
  } finally {
    stream.destroy();
    await rm(temporary, { force: true });
  }
}

async function openFile(path: string, temporary: string): Promise<SparseFile> {
  try {
    // Only for its owner: the output may have secrets, such as a process's memory.
    const file = await SparseFile.create(temporary, 0o600);
    // Each write has a callback of its own for its error; close() and writeOutputFile() look at the rest.
    file.on('error', () => undefined);
    return file;
  } catch (error) {
    throw new UsageError(`${path} can't be created: ${(error as Error).message}`, { cause: error });
  }
}

/** Completes the file. @throws the error of the write that failed. */
async function close(stream: SparseFile): Promise<void> {
  if (stream.errored) throw stream.errored;
  stream.end();
  await once(stream, 'close');
}

/** Renames the complete file. When the name was taken in the meantime, the output is kept under another name. */
async function giveName(temporary: string, path: string, force: boolean): Promise<void> {
  try {
    await refuseExistingFile(path, force);
    await rename(temporary, path);
  } catch (error) {
    const kept = join(dirname(path), `crashcart-${randomUUID()}`);
    await rename(temporary, kept);
    throw new Failure('outputFile', `${(error as Error).message}: the output is in ${kept}`, null, {
      cause: error,
    });
  }
}

/** @throws UsageError when there is a file. A device, folder or link is never replaced, not even with `force`. */
export async function refuseExistingFile(path: string, force: boolean): Promise<void> {
  const existing = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    // Other problems show when the file is created.
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw new UsageError(`${path} can't be created: ${error.message}`, { cause: error });
  });
  if (existing === null) return;
  if (!existing.isFile()) throw new UsageError(`${path} exists already, and is not a regular file`);
  if (!force) throw new UsageError(`${path} exists already: --force replaces it`);
}
