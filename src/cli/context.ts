import type { ReadStream, WriteStream } from 'node:tty';

/** Where a command reads, prints and looks: given by the caller, so that tests give their own. */
export interface Context {
  stdin: ReadStream;
  stdout: WriteStream;
  stderr: WriteStream;
  env: NodeJS.ProcessEnv;
}
