import type { CopyCounts, CopyFailure } from '../../../copy-stream/copy-messages.ts';

/** What became of the copy of one target. */
export interface CopyResult {
  /** What came; null: the copy was cut. */
  counts: CopyCounts | null;
  /** Files that could not be written, here or there. */
  failures: number;
  /** Why the copy was cut, or is empty; null: it is whole but for the failures. */
  problem: string | null;
  /** Whether `--resume` can go on with what has come. */
  canResume: boolean;
}

/** What the copy of one target tells while it goes on. */
export interface CopyListener {
  onFailure: (failure: CopyFailure) => void;
  onBytes: (bytes: number) => void;
  onFile: () => void;
  onTotals: (totals: { files: number; bytes: number }) => void;
}
