import { constants } from 'node:os';
import { Failure } from '../failure/failure.ts';
import type { SilentEnd } from '../failure/reporter.ts';

/** A shell's exit code for a program that was ended by a signal: this plus the number of the signal. */
const signalExitCode = 128;

/** The command line is wrong. */
export class UsageError extends Failure {
  override name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, 'See `kubectl crashcart --help`.', options);
  }
}

/** A signal ended the command. Nothing is printed: the sender of the signal knows. */
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

/** The reader of our output closed it: nobody is left to print a message for. */
export class OutputClosedError extends Failure implements SilentEnd {
  override name = 'OutputClosedError';
  readonly silent = true;

  constructor(options?: ErrorOptions) {
    super('interrupted', 'the output was closed', null, options);
  }

  /** The code of a program that SIGPIPE ended: Node ignores this signal. */
  override get exitCode(): number {
    return signalExitCode + constants.signals.SIGPIPE;
  }
}
