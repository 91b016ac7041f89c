import { watchInterrupts } from './interrupts.ts';

/** Runs what needs no undoing; a signal to the process aborts it. @throws InterruptedError; what `run` throws. */
export async function runUntilInterrupted<Result>(
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const ignore = watchInterrupts(
    (reason) => controller.abort(reason),
    () => false,
  );
  try {
    return await run(controller.signal);
  } finally {
    ignore();
  }
}
