import type { ApiClient } from '../../../../cluster/api/api-client.ts';
import type { Pod } from '../../../../cluster/api/objects/kubernetes-objects.ts';
import { watchNextStart } from '../../../../cluster/target/waits/next-start.ts';
import { Failure } from '../../../../failure/failure.ts';
import type { ProgressLine } from '../../../../terminal/progress.ts';
import type { Context } from '../../../context.ts';

/** Whose start is waited for, and how long. */
export interface AwaitedStart {
  pod: Pod;
  container: string;
  waitSeconds: number;
  quiet: boolean;
}

/**
 * Watches the pod of a start that an agent waits for.
 * @param signal of the run; ends the watch, too.
 * @returns what ends the wait for the start: a signal that is aborted with why it won't come, or did not come in time;
 *   and `stop`, to be called when the wait is over.
 */
export function watchStart(
  api: ApiClient,
  { pod, container, waitSeconds, quiet }: AwaitedStart,
  { progress, context }: { progress: ProgressLine; context: Context },
  signal: AbortSignal,
): { signal: AbortSignal; stop: () => void } {
  const stopping = new AbortController();
  const failed = new AbortController();
  let state: string | null = null;
  const onState = (next: string) => {
    // One line, where nobody sees the progress change.
    if (state === null && !progress.isShown && !quiet)
      context.reporter.note(`waiting at most ${waitSeconds} s for the next start: ${next}`);
    state = next;
    progress.show(`waiting for the next start: ${next}`);
  };
  const timer = setTimeout(
    () => failed.abort(describeTimeout(container, waitSeconds, state)),
    waitSeconds * 1000,
  );
  const watching = watchNextStart(api, {
    pod,
    container,
    onState,
    signal: AbortSignal.any([signal, stopping.signal]),
  });
  watching.catch((error: unknown) => {
    if (!signal.aborted && !stopping.signal.aborted) failed.abort(error);
  });
  const stop = () => {
    clearTimeout(timer);
    stopping.abort();
  };
  return { signal: AbortSignal.any([signal, failed.signal]), stop };
}

function describeTimeout(container: string, waitSeconds: number, state: string | null): Failure {
  return new Failure(
    'targetNotReady',
    `container "${container}" did not start within ${waitSeconds} s${state === null ? '' : `: ${state}`}`,
    'Give it more time with --pod-running-timeout: between two starts of a container that crashes there are up to 5 minutes.',
  );
}
