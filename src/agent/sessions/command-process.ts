import type { SessionEnd } from '../../session-api/session-end.ts';
import type { SessionSpec, SessionTarget } from '../../session-api/session-spec.ts';
import type { CommandStreams } from './streams/command-streams.ts';

/** The processes of one session, as the session sees them. session-process.ts has the real ones; tests play theirs. */
export interface CommandProcess {
  /** To be listened to before `start`: a stream may end at once. */
  readonly streams: CommandStreams;
  /** What it has entered: of a start that was caught, the container that the start has made. */
  readonly target: SessionTarget;
  /** Resolves when no process is left. The outputs may still hold bytes then. */
  readonly ended: Promise<SessionEnd>;
  /** What the session lacks of what was asked for, in sentences. */
  readonly warnings: readonly string[];
  /**
   * Starts the command. Resolves once it runs, or could not be executed and so ends with 126 or 127.
   * @param signal ends the start.
   * @throws when it can't be started: it never runs then, and `release` is still to be called.
   */
  start(signal: AbortSignal): Promise<void>;
  /** Sends a signal to the command. */
  signal(name: NodeJS.Signals): void;
  /**
   * Ends all processes.
   * @param why the session's end, unless something else has ended it before.
   */
  halt(why: EndReason): Promise<void>;
  /** Closes the streams and removes everything that was made for the session. */
  release(): Promise<void>;
}

/** Why a session ended before its command ended by itself. */
export type EndReason = Pick<SessionEnd, 'reason' | 'message'>;

/**
 * Prepares a session's process up to its start.
 * @throws ProblemError when the target can't be entered; the signal's reason. Nothing is left then.
 */
export type PrepareProcess = (id: string, spec: SessionSpec, signal: AbortSignal) => Promise<CommandProcess>;
