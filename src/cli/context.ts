import type { ReadStream, WriteStream } from 'node:tty';
import { Reporter } from '../failure/reporter.ts';

/** Where a command reads and writes. Passed in, so that tests can use their own streams. */
export interface Streams {
  stdin: ReadStream;
  stdout: WriteStream;
  stderr: WriteStream;
  env: NodeJS.ProcessEnv;
}

/** What a command knows of its surroundings. */
export interface Context extends Streams {
  /** Prints this program's own messages. Only the bytes of a session and progress lines bypass it on stderr. */
  reporter: Reporter;
}

export function createContext({ stdin, stdout, stderr, env }: Streams): Context {
  return { stdin, stdout, stderr, env, reporter: new Reporter(stderr) };
}
