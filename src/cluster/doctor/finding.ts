import { getErrorMessage } from '../../failure/error-message.ts';
import { Failure } from '../../failure/failure.ts';
import { ApiError } from '../api/api-error.ts';
import { adviseManifest } from '../api/granting-roles.ts';

/** `unknown`: it can't be told from here, or this user may not read it. */
export type CheckStatus = 'ok' | 'warning' | 'failed' | 'unknown';

/** The result of a check. */
export interface CheckResult {
  status: CheckStatus;
  message: string;
  /** What to do about it, in sentences; null when there is nothing to do. */
  fix: string | null;
}

/** A check and its result: one row of the doctor's table, one item of its JSON. */
export interface Finding extends CheckResult {
  check: string;
}

/** How an administrator lets a user read what the doctor reads. */
export const viewerFix = adviseManifest('manifests/viewer.yaml');
/** How an administrator lets a user open sessions. */
export const userFix = adviseManifest('manifests/rbac.yaml');

/** Describes that all is well. */
export function pass(message: string): CheckResult {
  return { status: 'ok', message, fix: null };
}

/** Describes what a session works with, but not fully, or not for long. */
export function warn(message: string, fix: string | null): CheckResult {
  return { status: 'warning', message, fix };
}

/** Describes what keeps a session from working. */
export function fail(message: string, fix: string | null): CheckResult {
  return { status: 'failed', message, fix };
}

/** Describes the failure that a session would end with. */
export function failBy(error: unknown): CheckResult {
  return fail(getErrorMessage(error), error instanceof Failure ? error.hint : null);
}

/** Describes what can't be told. */
export function leaveOpen(message: string, fix: string | null = null): CheckResult {
  return { status: 'unknown', message, fix };
}

/**
 * Runs a check. An error that keeps the check from a result makes it unknown, not failed.
 * @param fix what to do when the user may not read what the check reads.
 * @throws what aborted the signal.
 */
export async function runCheck(
  check: string,
  signal: AbortSignal,
  run: () => Promise<CheckResult>,
  fix = viewerFix,
): Promise<Finding> {
  try {
    return { check, ...(await run()) };
  } catch (error) {
    if (signal.aborted) throw error;
    const isForbidden = error instanceof ApiError && error.code === 'forbidden';
    return { check, ...failBy(error), status: 'unknown', ...(isForbidden ? { fix } : {}) };
  }
}
