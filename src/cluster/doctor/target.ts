import type { ApiClient } from '../api/api-client.ts';
import { chooseContainer } from '../target/target-container.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/kubernetes-objects.ts';
import { refuseUnreachablePod } from '../target/node-checks.ts';
import { findTargetPod } from '../target/target-pod.ts';
import type { TargetName } from '../target/target-name.ts';
import { approve, condemn, type Finding, runCheck, userMend } from './finding.ts';

/** What is known of a target. */
export interface CheckedTarget {
  findings: Finding[];
  /** Where an agent is needed; null when the target is not there. */
  node: string | null;
}

/**
 * Checks that a target is there, that its container runs, and that it is in no sandbox.
 * @param container null: the pod's default.
 * @throws what aborted the signal.
 */
export async function checkTarget(
  api: ApiClient,
  target: TargetName,
  container: string | null,
  signal: AbortSignal,
): Promise<CheckedTarget> {
  if (target.kind === 'node') return { findings: [], node: target.name };
  let pod: Pod | null = null;
  const found = await runCheck(
    'target',
    signal,
    async () => {
      try {
        pod = await findTargetPod(api, target, signal);
        const { name } = chooseContainer(pod, container);
        const { metadata, spec } = pod;
        return approve(`container "${name}" of pod "${metadata.name}" runs on the node "${spec.nodeName}"`);
      } catch (error) {
        const isOfTarget =
          error instanceof Failure && /^(target|container)Not/.test(error.code) && !signal.aborted;
        if (isOfTarget) return condemn(error);
        throw error;
      }
    },
    userMend,
  );
  // Assigned in between, which the compiler does not see.
  const known = pod as Pod | null;
  if (known === null) return { findings: [found], node: null };
  const node = known.spec.nodeName === '' ? null : known.spec.nodeName;
  return { findings: [found, await checkSandbox(api, known, signal)], node };
}

async function checkSandbox(api: ApiClient, pod: Pod, signal: AbortSignal): Promise<Finding> {
  return await runCheck('sandbox', signal, async () => {
    try {
      await refuseUnreachablePod(api, pod, signal);
    } catch (error) {
      if (error instanceof Failure && error.code === 'nodeRefused') return condemn(error);
      throw error;
    }
    const { runtimeClassName } = pod.spec;
    if (runtimeClassName === null) return approve('the pod has no RuntimeClass');
    return approve(`the RuntimeClass "${runtimeClassName}" is not known to be a sandbox`);
  });
}
