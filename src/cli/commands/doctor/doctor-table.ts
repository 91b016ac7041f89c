import type { Finding } from '../../../cluster/doctor/finding.ts';
import { formatTable } from '../../../terminal/table.ts';

/**
 * Lays findings out in a table. A fix stands below its finding, and once below several in a row that share it.
 * @param maxWidth columns of the terminal; null: lines are not wrapped.
 */
export function formatFindings(findings: Finding[], maxWidth: number | null): string {
  const rows = findings.flatMap(({ check, status, message, fix }, index) => {
    const row = [check, status, message];
    return fix === null || findings[index + 1]?.fix === fix ? [row] : [row, ['', '', `fix: ${fix}`]];
  });
  return formatTable(['CHECK', 'STATUS', 'MESSAGE'], rows, maxWidth);
}
