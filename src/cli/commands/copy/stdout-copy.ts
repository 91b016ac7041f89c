import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { SelectedTarget } from '../../../cluster/target/selection/target-selection.ts';
import { Failure } from '../../../failure/failure.ts';
import type { Context } from '../../context.ts';
import type { ToolSessions } from '../open/start/tool-sessions.ts';
import { sendFiles } from './download.ts';
import type { ToolRun } from '../open/start/tool-end.ts';
import { exchange } from './tool-exchange.ts';

/**
 * Writes the content of a target's file to stdout, or a tar archive of what is a folder, or several.
 * @returns the exit code.
 * @throws Failure `outputFailed`, `incomplete`; what {@link exchange} throws.
 */
export async function writeToStdout(
  sessions: ToolSessions,
  selected: SelectedTarget,
  { path, include, exclude, quiet }: { path: string; include: string[]; exclude: string[]; quiet: boolean },
  describeEnd: (run: ToolRun) => Promise<string>,
  { stdout, reporter }: Context,
  signal: AbortSignal,
): Promise<number> {
  const request = `${JSON.stringify({ path, include, exclude, format: 'stdout' })}\n`;
  const output = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      if (stdout.write(chunk)) return callback();
      once(stdout, 'drain').then(() => callback(), callback);
    },
  });
  const run = await exchange(
    sessions,
    selected,
    [sendFiles],
    { input: [Buffer.from(request)], output },
    signal,
  );
  const { end, message } = run;
  if (end.reason !== 'exited' || end.exitCode !== 0) {
    const why = end.reason === 'exited' && message !== '' ? message : await describeEnd(run);
    throw new Failure('incomplete', `the copy is not whole: ${why}`);
  }
  if (!quiet) for (const line of message.split('\n').filter(Boolean)) reporter.note(line);
  return 0;
}
