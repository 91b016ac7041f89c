import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { chown, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import type { TerminalSize } from '../../../session-api/session-spec.ts';

const run = promisify(execFile);

/** node-pty's addon itself, of its package for this platform: its JavaScript offers no bare openpty. */
const pty = createRequire(import.meta.url)(
  `@lydell/node-pty-${process.platform}-${process.arch}/pty.node`,
) as {
  open(columns: number, rows: number): { master: number; slave: number };
  resize(descriptor: number, columns: number, rows: number): void;
};

/** The agent's ends of a command's standard streams. */
export interface CommandStreams {
  stdin: Writable;
  stdout: Readable;
  /** null with a terminal. */
  stderr: Readable | null;
  /** null without a terminal. */
  resize: ((size: TerminalSize) => void) | null;
}

/** Both ends of a command's standard streams. */
export interface OpenedStreams extends CommandStreams {
  /** Descriptors for the child: stdin, stdout, stderr. */
  childDescriptors: [number, number, number];
  /**
   * Closes the child's descriptors in the agent, once. To be called after the spawn: the streams can't end before, and a
   * pipe whose last descriptor is closed has ended.
   */
  releaseChildDescriptors(): void;
}

/**
 * Opens a PTY pair. node-pty only opens the pair. Its own spawn drops what is unread 200 ms after the exit, takes
 * the bytes for text, and passes no further descriptors.
 */
export function openTerminal(size: TerminalSize): OpenedStreams {
  const { master, slave } = pty.open(size.columns, size.rows);
  // Node's net.Socket refuses the descriptor of a terminal; a tty.ReadStream is a socket, writable too.
  const stream = new ReadStream(master);
  return {
    childDescriptors: [slave, slave, slave],
    stdin: stream,
    stdout: stream,
    stderr: null,
    resize: ({ columns, rows }) => {
      if (!stream.destroyed) pty.resize(master, columns, rows);
    },
    releaseChildDescriptors: closeOnce([slave]),
  };
}

/**
 * Opens three pipes. They are FIFOs, as Node's own 'pipe' would make socket pairs, which a command can't
 * open again by name (`echo > /dev/stderr` fails with ENXIO).
 * @param directory where the FIFOs have names until the function returns.
 * @param owner the user who may open the FIFOs again; null: root alone. A terminal always stays root's, as all sessions
 *   share the folder of terminals, and a process of another target may have the same user.
 */
export async function openPipes(
  directory: string,
  owner: { uid: number; gid: number } | null,
): Promise<OpenedStreams> {
  const names = ['stdin', 'stdout', 'stderr'].map((name) => join(directory, name));
  await run('mkfifo', ['-m', '600', ...names]);
  if (owner) await Promise.all(names.map((name) => chown(name, owner.uid, owner.gid)));
  const [stdinName, stdoutName, stderrName] = names as [string, string, string];
  // A FIFO can be opened for writing only while it has a reader (ENXIO), and the child's end must not
  // be O_NONBLOCK, a flag that it would share with us: hence a reader that only bridges the moment.
  const bridge = openSync(stdinName, constants.O_RDONLY | constants.O_NONBLOCK);
  const stdinWriter = openSync(stdinName, constants.O_WRONLY | constants.O_NONBLOCK);
  const stdinReader = openSync(stdinName, constants.O_RDONLY);
  closeSync(bridge);
  const [stdoutReader, stdoutWriter] = openOutputPipe(stdoutName);
  const [stderrReader, stderrWriter] = openOutputPipe(stderrName);
  await Promise.all(names.map((name) => rm(name)));
  return {
    childDescriptors: [stdinReader, stdoutWriter, stderrWriter],
    stdin: new Socket({ fd: stdinWriter, readable: false, writable: true }),
    stdout: new Socket({ fd: stdoutReader, readable: true, writable: false }),
    stderr: new Socket({ fd: stderrReader, readable: true, writable: false }),
    resize: null,
    releaseChildDescriptors: closeOnce([stdinReader, stdoutWriter, stderrWriter]),
  };
}

function closeOnce(descriptors: number[]): () => void {
  return () => {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  };
}

function openOutputPipe(name: string): [reader: number, writer: number] {
  const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  return [reader, openSync(name, constants.O_WRONLY)];
}
