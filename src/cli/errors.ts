import { Failure } from '../failure/failure.ts';

/** The command line itself is wrong. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly code = 'usage';
  readonly hint = 'See `kubectl crashcart --help`.';
}

/** A signal ended the command. */
export class InterruptedError extends Failure {
  override name = 'InterruptedError';
  readonly signalNumber: number;

  constructor(signal: NodeJS.Signals, signalNumber: number) {
    super('interrupted', `ended by ${signal}`);
    this.signalNumber = signalNumber;
  }
}

/** Whoever reads our output has gone. */
export class OutputClosedError extends Failure {
  override name = 'OutputClosedError';

  constructor(options?: ErrorOptions) {
    super('interrupted', 'the output was closed', null, options);
  }
}
