/** Exit codes of our own. Every other code is that of the user's command. */
export const exitCodes = { checkFailed: 1, usage: 2, failure: 125 } as const;

/**
 * The stable code of each failure, with the exit code that a command ends with. docs/troubleshooting.md has a section
 * for each. The agent sends its own codes over the session API (session-api/problem.ts).
 */
export const failureCodes = {
  usage: exitCodes.usage,
  configuration: exitCodes.failure,
  credentials: exitCodes.failure,
  connection: exitCodes.failure,
  timeout: exitCodes.failure,
  interrupted: exitCodes.failure,
  apiError: exitCodes.failure,
  foreignAnswer: exitCodes.failure,
  forbidden: exitCodes.failure,
  targetInvalid: exitCodes.usage,
  targetNotFound: exitCodes.failure,
  targetNotReady: exitCodes.failure,
  containerNotFound: exitCodes.failure,
  nodeRefused: exitCodes.failure,
  namespaceMissing: exitCodes.failure,
  agentRefused: exitCodes.failure,
  agentFailed: exitCodes.failure,
  imageFailed: exitCodes.failure,
  toolboxRefused: exitCodes.failure,
  keepRefused: exitCodes.failure,
  tunnelFailed: exitCodes.failure,
  connectionLost: exitCodes.failure,
  streamCut: exitCodes.failure,
  streamCorrupt: exitCodes.failure,
  stdinFailed: exitCodes.failure,
  outputFailed: exitCodes.failure,
  sessionLost: exitCodes.failure,
  sessionNotFound: exitCodes.failure,
  incomplete: exitCodes.failure,
  toolNotFound: exitCodes.failure,
  outputFile: exitCodes.failure,
  portUnavailable: exitCodes.failure,
  sessionFailed: exitCodes.failure,
  // The agent's.
  invalidRequest: exitCodes.failure,
  versionMismatch: exitCodes.failure,
  notFound: exitCodes.failure,
  methodNotAllowed: exitCodes.failure,
  requestTooLarge: exitCodes.failure,
  conflict: exitCodes.failure,
  takenOver: exitCodes.failure,
  draining: exitCodes.failure,
  capacity: exitCodes.failure,
  sandboxedRuntime: exitCodes.failure,
  targetNotRunning: exitCodes.failure,
  targetChanged: exitCodes.failure,
  noRemains: exitCodes.failure,
  targetNotResponding: exitCodes.failure,
  offsetUnavailable: exitCodes.failure,
  bridgeFailed: exitCodes.failure,
  internal: exitCodes.failure,
} as const;
export type FailureCode = keyof typeof failureCodes;

/** A failure that the user is told: a stable code, what failed, and what the user can do about it. */
export class Failure extends Error {
  override name = 'Failure';
  readonly code: FailureCode;
  /** What to do next, in sentences; null when there is nothing to advise. */
  readonly hint: string | null;

  constructor(code: FailureCode, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  get exitCode(): number {
    return failureCodes[this.code];
  }
}
