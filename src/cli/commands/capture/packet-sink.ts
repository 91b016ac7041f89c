import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';
import { refuseExistingFile } from '../../attached/output-file.ts';
import { UsageError } from '../../errors.ts';

/** Where the bytes of a capture go. */
export interface PacketSink {
  /** As messages call it. */
  name: string;
  /** Settles when there is room for more. @throws when nothing more can be written. */
  write: (bytes: Buffer) => Promise<void>;
  /** Settles when everything is written. @throws when that can't be. */
  close: () => Promise<void>;
  /** Removes what has been written, if that is a file: nothing was captured. */
  discard: () => Promise<void>;
  /** Aborted when nobody reads any longer: the capture is then over. */
  closed: AbortSignal;
}

const never = new AbortController().signal;

/**
 * Opens a new file, which is written as the capture goes: it can be read meanwhile.
 * @throws UsageError when there is such a file already, or it can't be created.
 */
export async function openPacketFile(path: string, force: boolean): Promise<PacketSink> {
  await refuseExistingFile(path, force);
  if (force) await rm(path, { force: true });
  // Only for its owner: packets may hold secrets. `wx`: never through a link that was put there in the meantime.
  const stream = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  stream.on('error', () => undefined);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new UsageError(`${path} can't be created: ${getErrorMessage(error)}`, { cause: error });
  }
  const explain = (error: unknown) =>
    new Failure(
      'outputFile',
      `${path} can't be written: ${getErrorMessage(error)}`,
      'The file has the packets that were captured before, but no statistics.',
      { cause: error },
    );
  return {
    name: path,
    write: (bytes) => writeAll(stream, bytes).catch((error: unknown) => Promise.reject(explain(error))),
    close: async () => {
      stream.end();
      if (!stream.closed)
        await once(stream, 'close').catch((error: unknown) => Promise.reject(explain(error)));
    },
    discard: async () => {
      stream.destroy();
      await rm(path, { force: true });
    },
    closed: never,
  };
}

/** The plugin's own stdout for packets. @throws UsageError when that is a terminal. */
export function openPacketOutput(stdout: Writable & { isTTY?: boolean }): PacketSink {
  if (stdout.isTTY) throw new UsageError('a capture is not text: redirect stdout, or give -w a file');
  return openLineOutput(stdout);
}

/** The plugin's own stdout for lines, which a terminal may show. */
export function openLineOutput(stdout: Writable): PacketSink {
  const done = () => Promise.resolve();
  return {
    name: 'stdout',
    write: (bytes) => writeAll(stdout, bytes),
    close: done,
    discard: done,
    closed: never,
  };
}

/** Where installers put it that do not put it on PATH. */
const wiresharkPrograms: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['wireshark', '/Applications/Wireshark.app/Contents/MacOS/Wireshark'],
  win32: ['wireshark.exe', String.raw`C:\Program Files\Wireshark\Wireshark.exe`],
};

/** Starts Wireshark, which reads the packets as they come. @throws Failure `toolNotFound`. */
export async function openWireshark(): Promise<PacketSink> {
  const programs = wiresharkPrograms[process.platform] ?? ['wireshark'];
  for (const program of programs) {
    // -k: at once; -i -: from stdin.
    const child = spawn(program, ['-k', '-i', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const isStarted = await new Promise<boolean>((resolve) => {
      child.once('spawn', () => resolve(true)).once('error', () => resolve(false));
    });
    if (!isStarted) continue;
    const closed = new AbortController();
    child.stdin.on('error', () => undefined);
    child.once('exit', () => closed.abort());
    return {
      name: 'Wireshark',
      // Whoever closes Wireshark has seen enough.
      write: (bytes) => writeAll(child.stdin, bytes).catch(() => closed.abort()),
      close: async () => {
        child.stdin.end();
        // What was captured is looked at for as long as the user likes.
        if (child.exitCode === null && child.signalCode === null) child.unref();
        await Promise.resolve();
      },
      discard: async () => {
        child.stdin.end();
        await Promise.resolve();
      },
      closed: closed.signal,
    };
  }
  throw new Failure(
    'toolNotFound',
    `Wireshark was not found: ${programs.join(', ')} can't be started`,
    'Install it, put it on PATH, or write a file with -w FILE.',
  );
}

function writeAll(stream: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
