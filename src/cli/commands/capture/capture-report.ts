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
    const what = packets === 0 ? 'was not captured' : `was captured only in part (${formatCount(packets)})`;
    reporter.error(`${target.name} ${what}: ${failure}`);
  }
  for (const { target, dropped } of results) {
    if (dropped !== null && dropped > 0)
      reporter.warning(`${target.name}: ${formatCount(dropped)} dropped on the node: they came too fast`);
  }
  if (lateItems > 0)
    reporter.warning(
      `${formatCount(lateItems)} came too late for their place: \`reordercap\` puts them in order`,
    );
  if (!quiet) tellCounts(outcome, reporter);
  const isWhole = refused.length === 0 && results.every(({ failure }) => failure === null);
  if (!isWhole && destination !== null && results.some(({ packets }) => packets > 0))
    reporter.error(`${destination.name} does not have all that was asked for`);
  return isWhole ? 0 : exitCodes.failure;
}

function tellCounts({ results, destination }: CaptureOutcome, reporter: Reporter): void {
  for (const { target, node, packets, dropped } of results.map((each) => ({
    ...each,
    node: each.target.node,
  }))) {
    const drops = dropped === null ? 'drops not known' : `${dropped} dropped`;
    reporter.tell(`${target.name} on ${node}: ${formatCount(packets)}, ${drops}`);
  }
  if (destination === null) return;
  const total = results.reduce((sum, { packets }) => sum + packets, 0);
  const targets = `${results.length} target${results.length === 1 ? '' : 's'}`;
  reporter.tell(`${destination.name}: ${formatCount(total)} of ${targets}, ${destination.bytes} bytes`);
}

function formatCount(count: number): string {
  return `${count} packet${count === 1 ? '' : 's'}`;
}
