import type { Reporter } from '../../../failure/reporter.ts';
import { exitCodes } from '../../../failure/failure.ts';
import type { TargetResult } from './targets/captured-target.ts';

/** What became of a capture. */
export interface CaptureOutcome {
  results: TargetResult[];
  /** Targets that were never captured. */
  refused: { name: string; error: Error }[];
  /** Packets that are not in the order of their times. */
  lateItems: number;
  /** Where the packets went; null: to the user's eyes. */
  destination: { name: string; bytes: number } | null;
}

/** Tells of a capture: what fails and what is missing always, the counts unless `quiet`. @returns the exit code. */
export function reportCapture(outcome: CaptureOutcome, reporter: Reporter, quiet: boolean): number {
  const { results, refused, lateItems, destination } = outcome;
  for (const { name, error } of refused) reporter.error(`${name} was not captured: ${error.message}`);
  for (const { target, failure, packets } of results) {
    if (failure === null) continue;
    const what =
      packets === 0 ? 'was not captured' : `was captured only in part (${formatCount(packets, 'packet')})`;
    reporter.error(`${target.name} ${what}: ${failure}`);
  }
  for (const { target, dropped } of results) {
    if (dropped !== null && dropped > 0)
      reporter.warning(
        `${target.name}: ${formatCount(dropped, 'packet')} dropped on the node: they came too fast`,
      );
  }
  if (lateItems > 0)
    reporter.warning(
      `${formatCount(lateItems, 'packet')} came too late for their place: \`reordercap\` puts them in order`,
    );
  if (!quiet) tellCounts(outcome, reporter);
  const isWhole = refused.length === 0 && results.every(({ failure }) => failure === null);
  if (!isWhole && destination !== null && results.some(({ packets }) => packets > 0))
    reporter.error(`${destination.name} does not have all that was asked for`);
  return isWhole ? 0 : exitCodes.failure;
}

function tellCounts({ results, destination }: CaptureOutcome, reporter: Reporter): void {
  for (const { target, packets, dropped } of results) {
    const drops = dropped === null ? 'drops not known' : `${dropped} dropped`;
    reporter.tell(`${target.name} on ${target.node}: ${formatCount(packets, 'packet')}, ${drops}`);
  }
  if (destination === null) return;
  const total = results.reduce((sum, { packets }) => sum + packets, 0);
  const targets = formatCount(results.length, 'target');
  reporter.tell(
    `${destination.name}: ${formatCount(total, 'packet')} of ${targets}, ${destination.bytes} bytes`,
  );
}

/** @param what is counted, of which there may be one. */
export function formatCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
