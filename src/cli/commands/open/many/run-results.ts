import type { Reporter } from '../../../../failure/reporter.ts';

/** How the command of one target has ended. */
export interface TargetResult {
  /** As its lines are called. */
  label: string;
  exitCode: number;
  /** What has failed; null: the command has ended by itself. */
  message: string | null;
  /** What to do about that; null when there is nothing to advise. */
  hint: string | null;
}

const maxNames = 10;

/** @returns the exit code of a run over many targets: the worst of theirs, which is the highest. */
export function chooseExitCode(results: TargetResult[]): number {
  return Math.max(0, ...results.map(({ exitCode }) => exitCode));
}

/** Says which targets have failed, and why: those with the same reason together. Says nothing when none has. */
export function reportFailures(results: TargetResult[], total: number, reporter: Reporter): void {
  const failed = results
    .filter(({ exitCode }) => exitCode !== 0)
    .toSorted((one, other) => one.label.localeCompare(other.label, 'en', { numeric: true }));
  if (failed.length === 0) return;
  const reasons = Map.groupBy(failed, ({ message, exitCode }) => message ?? `exit code ${exitCode}`);
  const lines = [...reasons].map(([reason, each]) => `${listNames(each)}: ${reason}`);
  reporter.error([`${failed.length} of ${total} targets failed`, ...lines].join('\n'));
  for (const hint of new Set(failed.map((result) => result.hint))) if (hint !== null) reporter.tell(hint);
}

function listNames(results: TargetResult[]): string {
  const named = results.slice(0, maxNames).map(({ label }) => label);
  const more = results.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
