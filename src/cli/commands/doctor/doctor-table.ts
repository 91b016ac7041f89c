import type { Finding } from '../../../cluster/doctor/finding.ts';
import { formatTable } from '../../../terminal/table.ts';

/**
 * Lays findings out in a table: what mends something stands below it, and once when it is the same for all that follow.
 * @param maxWidth columns of the terminal; null: lines are as long as they are.
 */
export function formatFindings(findings: Finding[], maxWidth: number | null): string {
  const rows = findings.flatMap(({ check, state, found, mend }, index) => {
    const row = [check, state, found];
    return mend === null || findings[index + 1]?.mend === mend ? [row] : [row, ['', '', `mend: ${mend}`]];
  });
  return formatTable(['CHECK', 'STATE', 'FOUND'], rows, maxWidth);
}
