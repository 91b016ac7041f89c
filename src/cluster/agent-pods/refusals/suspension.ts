import { Failure } from '../../../failure/failure.ts';
import type { AgentJobs } from '../agent-jobs.ts';
import { setTimeout as delay } from 'node:timers/promises';

/** How a suspended Job is waited for. */
const usualTimes = {
  /** A queue that has room lets a Job run within a second or two. */
  limitMs: 5000,
  pollMs: 1000,
  /** How long after its creation a Job is looked at again: something may have suspended it since. */
  lookMs: 4000,
};

/** A Job that may be suspended. */
interface SuspendableJob {
  name: string;
  /** Whether its creation was answered with `spec.suspend`. */
  isSuspended: boolean;
}

/**
 * Watches over a Job that something holds back: no pod is made of a suspended Job, and no Event tells.
 * @param onSuspended is told once, when the Job turns out to be suspended.
 * @throws Failure `agentRefused` when the Job stays suspended; what aborted the signal. It never returns.
 */
export async function watchSuspension(
  jobs: AgentJobs,
  { name, isSuspended }: SuspendableJob,
  namespace: string,
  onSuspended: () => void,
  signal: AbortSignal,
  { limitMs, pollMs, lookMs } = usualTimes,
): Promise<never> {
  let since = isSuspended ? performance.now() : null;
  if (isSuspended) onSuspended();
  for (;;) {
    await delay(since === null ? lookMs : pollMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    // What can't be read now is read at the next look.
    const job = await jobs.findUsable(name, signal).catch(() => null);
    signal.throwIfAborted();
    if (job === null) continue;
    if (!job.spec.suspend) since = null;
    else if (since === null) {
      since = performance.now();
      onSuspended();
    } else if (performance.now() - since > limitMs) throw describeSuspension(namespace);
  }
}

/** Describes that the cluster holds an agent's Job back. @returns Failure `agentRefused`. */
export function describeSuspension(namespace: string): Failure {
  return new Failure(
    'agentRefused',
    `the cluster holds the agent's Job in the namespace "${namespace}" back: the Job is suspended, by a queue such as Kueue or by a policy`,
    'Name a queue that has room (Kueue: --agent-label kueue.x-k8s.io/queue-name=NAME), or exempt the namespace of agents (managedJobsNamespaceSelector). Or keep agents on the nodes by `kubectl crashcart install`, which makes no Job.',
  );
}
