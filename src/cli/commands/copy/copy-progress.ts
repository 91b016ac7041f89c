import type { CopyTotals } from '../../../copy-stream/copy-messages.ts';
import type { ProgressLine } from '../../../terminal/progress.ts';

const intervalMs = 250;
const barWidth = 20;
/** The rate is that of the last seconds: a line that has stalled is seen. */
const rateMs = 5000;

/** Shows on a terminal how far a copy is. */
export class CopyProgress {
  readonly #line: ProgressLine;
  readonly #timer: NodeJS.Timeout;
  readonly #now: () => number;
  #bytes = 0;
  #files = 0;
  #totals: CopyTotals | null = null;
  /** Times in ms, and what had come by then. */
  #samples: [ms: number, bytes: number][] = [];

  constructor(line: ProgressLine, now: () => number = () => performance.now()) {
    this.#line = line;
    this.#now = now;
    this.#samples.push([now(), 0]);
    this.#timer = setInterval(() => line.show(this.describe()), intervalMs);
  }

  /** Adds what will come. */
  expect({ files, bytes }: CopyTotals): void {
    const { files: otherFiles, bytes: otherBytes } = this.#totals ?? { files: 0, bytes: 0 };
    this.#totals = { files: files + otherFiles, bytes: bytes + otherBytes };
  }

  addBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  addFile(): void {
    this.#files++;
  }

  /** @returns the line: `[#####---------------] 120 of 480 MB, 24.1 MB/s, 15 s left`. */
  describe(): string {
    const now = this.#now();
    this.#samples.push([now, this.#bytes]);
    while (this.#samples.length > 2 && now - (this.#samples[0]?.[0] ?? now) > rateMs) this.#samples.shift();
    const [firstMs, firstBytes] = this.#samples[0] ?? [now, this.#bytes];
    const perSecond = now > firstMs ? ((this.#bytes - firstBytes) / (now - firstMs)) * 1000 : 0;
    const rate = `${formatMegabytes(perSecond)} MB/s`;
    if (this.#totals === null || this.#totals.bytes === 0)
      return `${this.#files} files, ${formatMegabytes(this.#bytes)} MB, ${rate}`;
    const { bytes: total } = this.#totals;
    const share = Math.min(1, this.#bytes / total);
    const done = Math.round(share * barWidth);
    const bar = `[${'#'.repeat(done)}${'-'.repeat(barWidth - done)}]`;
    const left = perSecond > 0 ? `, ${Math.ceil(Math.max(0, total - this.#bytes) / perSecond)} s left` : '';
    return `${bar} ${formatMegabytes(this.#bytes)} of ${formatMegabytes(total)} MB, ${rate}${left}`;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }
}

/** @returns a number with three digits that matter. */
export function formatMegabytes(bytes: number): string {
  const megabytes = bytes / 1e6;
  return megabytes.toFixed(megabytes < 10 ? 2 : megabytes < 100 ? 1 : 0);
}
