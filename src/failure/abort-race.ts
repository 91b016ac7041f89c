/**
 * Waits for work no longer than until a signal. The work itself goes on. To be used where one signal outlasts much work:
 * Promise.race leaves a reaction with the promise that lasts (https://github.com/nodejs/node/issues/17469).
 * @throws the signal's reason; what the work throws.
 */
export async function raceAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
