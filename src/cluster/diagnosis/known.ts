import { getErrorMessage } from '../../failure/error-message.ts';
import { isNotFound } from '../api/api-error.ts';

/** What was asked of the API server: the answer, or why there is none. Never an empty answer in place of a refusal. */
export type Known<Value> = { known: Value } | { unknown: string };

/**
 * Asks for a part of a report, which the other parts do without.
 * @throws what aborted the signal.
 */
export async function ask<Value>(request: () => Promise<Value>, signal: AbortSignal): Promise<Known<Value>> {
  try {
    return { known: await request() };
  } catch (error) {
    signal.throwIfAborted();
    return { unknown: describeRefusal(error) };
  }
}

/** @returns the answer, or what stands for it where there is none. */
export function orElse<Value>(part: Known<Value>, fallback: Value): Value {
  return 'known' in part ? part.known : fallback;
}

function describeRefusal(error: unknown): string {
  return isNotFound(error) ? 'it is gone' : getErrorMessage(error);
}
