import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { Failure } from '../../failure/failure.ts';
import type { Reporter } from '../../failure/reporter.ts';
import { UsageError } from '../errors.ts';

/** A file that a command's stdout goes to. */
export interface OutputFileOptions {
  path: string;
  /** Whether a file that is there already may be replaced. */
  force: boolean;
}

/**
 * Has a command write a file. It gets its name only when the command has ended with code 0 and all of it has come: a
 * dump that lacks its end looks like one that does not.
 * @param run writes the file; it throws when the output is cut.
 * @returns the command's exit code.
 * @throws UsageError when the file can't be made or is there already; Failure `outputFile`; what `run` throws.
 */
export async function writeOutputFile(
  { path, force }: OutputFileOptions,
  reporter: Reporter,
  run: (output: Writable) => Promise<number>,
): Promise<number> {
  await refuseExisting(path, force);
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
    // Of what failed before the command had begun, the error itself tells enough.
    if (stream.bytesWritten > 0) say('not all of it has come');
    throw error;
  } finally {
    stream.destroy();
    await rm(temporary, { force: true });
  }
}

async function openFile(path: string, temporary: string): Promise<WriteStream> {
  // It may hold what nobody else is to see, such as a process's memory.
  const stream = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true });
  // Whoever writes to it has his own; what nobody waits for is looked at in the end.
  stream.on('error', () => undefined);
  try {
    await once(stream, 'open');
    return stream;
  } catch (error) {
    throw new UsageError(`${path} can't be made: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws what kept it from being written. */
async function close(stream: WriteStream): Promise<void> {
  if (stream.errored) throw stream.errored;
  stream.end();
  await once(stream, 'close');
}

/** Renames it; what came through is not lost to a name that was taken meanwhile. */
async function giveName(temporary: string, path: string, force: boolean): Promise<void> {
  try {
    await refuseExisting(path, force);
    await rename(temporary, path);
  } catch (error) {
    const kept = join(dirname(path), `crashcart-${randomUUID()}`);
    await rename(temporary, kept);
    throw new Failure('outputFile', `${(error as Error).message}: the output is in ${kept}`, null, {
      cause: error,
    });
  }
}

/** @throws UsageError. A device, a folder or a link is not replaced in any case. */
async function refuseExisting(path: string, force: boolean): Promise<void> {
  const existing = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    // All else shows when the file is made.
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw new UsageError(`${path} can't be made: ${error.message}`, { cause: error });
  });
  if (existing === null) return;
  if (!existing.isFile()) throw new UsageError(`${path} is there already, and is no regular file`);
  if (!force) throw new UsageError(`${path} exists already: --force replaces it`);
}
