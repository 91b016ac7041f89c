import { getErrorMessage } from '../../failure/error-message.ts';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';

/** `unknown`: not to be told from here, or not for this user to read. */
export type FindingState = 'ok' | 'warning' | 'failed' | 'unknown';

/** What a check has found: one row of the doctor's table. */
export interface Finding {
  check: string;
  state: FindingState;
  found: string;
  /** What to do about it; null when there is nothing to do. */
  mend: string | null;
}

/** A finding whose check is named elsewhere. */
export type Verdict = Omit<Finding, 'check'>;

export const viewerMend = 'manifests/viewer.yaml grants it (`kubectl crashcart manifests` prints it)';
export const userMend = 'manifests/rbac.yaml grants it (`kubectl crashcart manifests` prints it)';

/** @returns the verdict that nothing is wrong. */
export function approve(found: string): Verdict {
  return { state: 'ok', found, mend: null };
}

/** @returns the verdict of a failure: what failed, and its advice. */
export function condemn(error: unknown): Verdict {
  const found = getErrorMessage(error);
  return { state: 'failed', found, mend: error instanceof Failure ? error.hint : null };
}

/**
 * Runs a check. What keeps it from an answer is what it has found: unknown, and not failed.
 * @param mend what to do when the user may not read what is asked.
 * @throws what aborted the signal.
 */
export async function runCheck(
  check: string,
  signal: AbortSignal,
  run: () => Promise<Verdict>,
  mend = viewerMend,
): Promise<Finding> {
  try {
    return { check, ...(await run()) };
  } catch (error) {
    if (signal.aborted) throw error;
    const isForbidden = error instanceof ApiError && error.code === 'forbidden';
    return { check, ...condemn(error), state: 'unknown', ...(isForbidden ? { mend } : {}) };
  }
}
