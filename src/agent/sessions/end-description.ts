import { constants as osConstants } from 'node:os';
import type { SessionEnd } from '../../session-api/session-end.ts';
import type { CommandEnd } from '../bridge/command-end-report.ts';
import type { LimitEvents } from '../cgroup/limit-events.ts';
import type { SessionLimits } from '../cgroup/session-limits.ts';
import type { EndReason } from './command-process.ts';

const { SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGQUIT, SIGTERM } = osConstants.signals;
const killedExitCode = 128 + SIGKILL;
/** The keys of a terminal send them, the end of a reader, the terminal's own end: nothing that a user has to be told. */
const usualSignals = [SIGHUP, SIGINT, SIGPIPE, SIGQUIT];
/** A program that fails gets the other ones from the kernel or from itself. */
const foreignSignals = [SIGKILL, SIGTERM];

/** What is known when nothing of a session runs any longer. */
export interface EndFacts {
  exitCode: number;
  /** What session-init said; null when it said nothing. */
  command: CommandEnd | null;
  /** Why the agent ended the session, or that its target has ended; null when nobody has. */
  why: EndReason | null;
  /** Numbers of the signals that clients sent to the command. */
  sentSignals: ReadonlySet<number>;
  events: LimitEvents;
  limits: SessionLimits;
}

/** Says how a session ended, and of everything that was killed and not by its own command. */
export function describeEnd(facts: EndFacts): Pick<SessionEnd, 'reason' | 'message' | 'warnings'> {
  const { exitCode, command, why, events } = facts;
  const memory = describeMemory(facts);
  const forks = describeForks(facts);
  if (why !== null) return { ...why, warnings: [memory, forks].filter((text) => text !== null) };
  if (exitCode === killedExitCode && memory !== null && events.isMemoryLimitReached)
    return { reason: 'memoryLimit', message: memory, warnings: forks === null ? [] : [forks] };
  // Of a command that was killed for want of memory no more has to be said.
  const isKilledForMemory = exitCode === killedExitCode && memory !== null;
  const killed = isKilledForMemory ? null : describeSignal(command, exitCode, facts.sentSignals);
  return {
    reason: 'exited',
    message: null,
    warnings: [memory, forks, killed].filter((text) => text !== null),
  };
}

function describeMemory({ events: { memoryKills, isMemoryLimitReached }, limits }: EndFacts): string | null {
  if (memoryKills === 0) return null;
  return isMemoryLimitReached
    ? `the session reached its memory limit of ${Math.floor(limits.memoryBytes / 1024 / 1024)} MiB (--mem-limit): the kernel killed ${memoryKills} of its processes`
    : `the node, or all sessions of its agent together, had no memory left: the kernel killed ${memoryKills} of the session's processes`;
}

function describeForks({ events: { refusedForks }, limits }: EndFacts): string | null {
  if (refusedForks === 0) return null;
  return `the session reached its limit of ${limits.processes} processes and threads: ${count(refusedForks, 'start was', 'starts were')} refused`;
}

function describeSignal(
  command: CommandEnd | null,
  exitCode: number,
  sentSignals: ReadonlySet<number>,
): string | null {
  // A stopped session-init is woken when its parent is killed: its process group is orphaned then, and gets SIGHUP and
  // SIGCONT (setpgid(2)). It may pass SIGHUP on, and report that, before it is killed itself.
  if (command === null || getExitCode(command) !== exitCode)
    return `the session was killed by the target, or by somebody on the node (exit code ${exitCode})`;
  if (!('signal' in command)) return null;
  const { signal } = command;
  if (usualSignals.includes(signal) || sentSignals.has(signal)) return null;
  const what = `signal ${signal} (${nameSignal(signal)}) ended the command`;
  return foreignSignals.includes(signal)
    ? `${what}: the signal came from the session itself, from the target or from the node`
    : what;
}

/** As session-init ends with it. */
function getExitCode(command: CommandEnd): number {
  return 'signal' in command ? 128 + command.signal : command.exitCode;
}

function nameSignal(number: number): string {
  return Object.entries(osConstants.signals).find(([, value]) => value === number)?.[0] ?? 'unknown';
}

function count(number: number, one: string, more: string): string {
  return `${number} ${number === 1 ? one : more}`;
}
