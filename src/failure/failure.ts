/** Stable codes of what can fail between the command line and a session; each has its test. */
export type FailureCode =
  | 'configuration'
  | 'connection'
  | 'timeout'
  | 'interrupted'
  | 'apiError'
  | 'forbidden'
  | 'targetInvalid'
  | 'targetNotFound'
  | 'targetNotReady'
  | 'containerNotFound'
  | 'nodeRefused'
  | 'namespaceMissing'
  | 'agentRefused'
  | 'agentFailed'
  | 'imageFailed'
  | 'toolboxRefused'
  | 'keepRefused'
  | 'tunnelFailed'
  | 'connectionLost'
  | 'streamCut'
  | 'streamCorrupt'
  | 'stdinFailed'
  | 'sessionLost'
  | 'sessionNotFound'
  | 'toolNotFound'
  | 'outputFile'
  | 'sessionFailed';

/** A failure with a stable code and what the user can do about it. */
export class Failure extends Error {
  override name = 'Failure';
  readonly code: FailureCode;
  /** null when there is nothing to advise. */
  readonly hint: string | null;

  constructor(code: FailureCode, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
