import { Failure } from './failure.ts';

/**
 * Tells why a signal was aborted.
 * @param who did not answer in time, if that was the reason: Node's words for `AbortSignal.timeout()` are not for users.
 * @returns Failure `timeout` for the end of such a limit, else the signal's reason.
 */
export function getAbortReason(signal: AbortSignal, who: string): unknown {
  const reason: unknown = signal.reason;
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  return isTimeout
    ? new Failure('timeout', `${who} did not answer in time`, null, { cause: reason })
    : reason;
}
