import type { CopyFailure } from '../../../copy-stream/copy-messages.ts';
import { getErrorMessage } from '../../../failure/error-message.ts';
import type { Reporter } from '../../../failure/reporter.ts';
import type { ProgressLine } from '../../../terminal/progress.ts';
import { formatMegabytes } from './copy-progress.ts';
import type { CopyResult } from './copy-result.ts';

/** A tree of which nothing can be read would fill the screen; the number is told. */
const maxTold = 20;
/** What is faster needs no words. */
const slowMs = 2000;

/** Tells what became of a copy. */
export class CopyReport {
  readonly #reporter: Reporter;
  readonly #line: ProgressLine;
  readonly #quiet: boolean;
  readonly #startedAt = performance.now();
  #told = 0;
  #untold = 0;
  #failedTargets = 0;
  #targets = 0;
  #files = 0;
  #unchanged = 0;
  #bytes = 0;

  constructor(reporter: Reporter, line: ProgressLine, { quiet }: { quiet: boolean }) {
    this.#reporter = reporter;
    this.#line = line;
    this.#quiet = quiet;
  }

  /** @param label of the target, where there are several. @returns what is told of each file that fails. */
  listen(label: string | null): (failure: CopyFailure) => void {
    const before = label === null ? '' : `${label}: `;
    return ({ path, reason, isNote }) => {
      if (isNote && this.#quiet) return;
      if (this.#told++ >= maxTold) return void this.#untold++;
      this.#line.clear();
      if (isNote) this.#reporter.note(`${before}${path}: ${reason}`);
      else this.#reporter.error(`${before}${path}: ${reason}`);
    };
  }

  /** Of a target that could not be entered. */
  refuse(name: string, error: Error): void {
    this.fail(name, getErrorMessage(error));
  }

  /** Of a target of which nothing, or not all, came. */
  fail(label: string, reason: string): void {
    this.#targets++;
    this.#failedTargets++;
    this.#line.clear();
    this.#reporter.error(`${label}: ${reason}`);
  }

  add(label: string, { counts, failures, problem, canResume }: CopyResult): void {
    this.#targets++;
    this.#files += counts?.files ?? 0;
    this.#bytes += counts?.bytes ?? 0;
    this.#unchanged += counts?.unchanged ?? 0;
    if (failures > 0 || problem !== null) this.#failedTargets++;
    if (problem === null) return;
    this.#line.clear();
    this.#reporter.error(`${label}: the copy is not whole: ${problem}`);
    if (canResume) this.#reporter.tell('The same command goes on with what has come.');
  }

  /** @returns whether all was copied. */
  end(): boolean {
    this.#line.clear();
    if (this.#untold > 0) this.#reporter.error(`${this.#untold} more of such lines are not shown`);
    const isSlow = performance.now() - this.#startedAt > slowMs;
    const isWorthTelling = isSlow || this.#targets > 1 || this.#unchanged > 0;
    if (!this.#quiet && isWorthTelling) this.#reporter.tell(this.#describe());
    return this.#failedTargets === 0;
  }

  #describe(): string {
    const files = `${this.#files} file${this.#files === 1 ? '' : 's'}`;
    const unchanged = this.#unchanged === 0 ? '' : `, ${this.#unchanged} were there already`;
    const of = this.#targets > 1 ? ` of ${this.#targets} targets` : '';
    const failed = this.#targets > 1 && this.#failedTargets > 0 ? `; ${this.#failedTargets} failed` : '';
    return `Copied ${files}${of}, ${formatMegabytes(this.#bytes)} MB${unchanged}${failed}.`;
  }
}
