import type { ReadStream, WriteStream } from 'node:tty';
import { Reporter } from '../failure/reporter.ts';

/** Where a command reads and writes: given by the caller, so that tests give their own. */
export interface Streams {
  stdin: ReadStream;
  stdout: WriteStream;
  stderr: WriteStream;
  env: NodeJS.ProcessEnv;
}

/** What a command has of the world around it. */
export interface Context extends Streams {
  /** What this program says of itself. Only a terminal's raw bytes and progress go to stderr by another way. */
  reporter: Reporter;
}

export function createContext({ stdin, stdout, stderr, env }: Streams): Context {
  return { stdin, stdout, stderr, env, reporter: new Reporter(stderr) };
}
