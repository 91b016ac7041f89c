import { Readable, type Writable } from 'node:stream';
import type { ClientSession } from '../../../cluster/session/client-session.ts';
import type { SelectedTarget } from '../../../cluster/target/selection/target-selection.ts';
import { raceAbort } from '../../../failure/abort-race.ts';
import type { ToolRun } from '../open/start/tool-end.ts';
import { ToolMessages } from '../open/start/tool-messages.ts';
import type { ToolSessions } from '../open/start/tool-sessions.ts';

/** An end that was asked for comes at once; then the session is ended. */
const endLimitMs = 2000;

/**
 * Runs a tool in a target, and has it clean up when the copy ends early.
 * @param input what is sent to the tool.
 * @param output takes what the tool writes.
 * @throws what ToolSessions.open and ClientSession.outcome throw, as what `output` throws; the signal's reason.
 */
export async function exchange(
  sessions: ToolSessions,
  selected: SelectedTarget,
  command: string[],
  { input, output }: { input: AsyncIterable<Buffer> | Iterable<Buffer>; output: Writable },
  signal: AbortSignal,
): Promise<ToolRun> {
  const stderr = new ToolMessages();
  const sinks = {
    ...{ stdout: output, stderr },
    ...{ onLost: () => undefined, onRestored: () => undefined, onGap: () => undefined },
  };
  const session = await sessions.open(selected, { command, stdin: true }, sinks, signal);
  const source = Readable.from(input, { objectMode: false, highWaterMark: 1024 * 1024 });
  try {
    const sending = session.sendStdin(source);
    const outcome = await raceAbort(Promise.race([session.outcome, failOf(sending)]), signal);
    if (outcome.kind === 'detached') throw new Error('another client has taken the session of the copy');
    return { end: outcome.end, message: stderr.read().trim() };
  } catch (error) {
    await endSession(session);
    throw error;
  } finally {
    source.destroy();
    session.close();
  }
}

/** Settles only if the promise fails: its end is not the end of the session. */
async function failOf(sending: Promise<void>): Promise<never> {
  await sending;
  return await new Promise<never>(() => undefined);
}

/** The tool removes what is not whole, and ends. */
async function endSession(session: ClientSession): Promise<void> {
  const limit = AbortSignal.timeout(endLimitMs);
  try {
    await session.signal('SIGTERM');
    await raceAbort(session.outcome, limit);
  } catch {
    await session.delete(AbortSignal.timeout(endLimitMs)).catch(() => undefined);
  }
}
