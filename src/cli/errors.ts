import { constants } from 'node:os';
import { Failure } from '../failure/failure.ts';
import type { SilentEnd } from '../failure/reporter.ts';

/** A shell's exit code for a program that a signal ended is this plus the signal's number. */
const signalExitCode = 128;

/** The command line itself is wrong. */
export class UsageError extends Failure {
  override name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, 'See `kubectl crashcart --help`.', options);
  }
}

/** A signal ended the command: whoever sent it knows. */
export class InterruptedError extends Failure implements SilentEnd {
  override name = 'InterruptedError';
  readonly silent = true;
  readonly #signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super('interrupted', `ended by ${signal}`);
    this.#signal = signal;
  }

  override get exitCode(): number {
    return signalExitCode + constants.signals[this.#signal];
  }
}

/** Whoever reads our output has gone: nobody is there to be told. */
export class OutputClosedError extends Failure implements SilentEnd {
  override name = 'OutputClosedError';
  readonly silent = true;

  constructor(options?: ErrorOptions) {
    super('interrupted', 'the output was closed', null, options);
  }

  /** As if SIGPIPE had ended us: Node ignores that signal. */
  override get exitCode(): number {
    return signalExitCode + constants.signals.SIGPIPE;
  }
}
