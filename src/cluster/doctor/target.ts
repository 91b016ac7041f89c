import type { ApiClient } from '../api/api-client.ts';
import { chooseContainer } from '../target/target-container.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { refuseUnreachablePod } from '../target/node-checks.ts';
import { findTargetPod } from '../target/target-pod.ts';
import type { TargetName } from '../target/target-name.ts';
import { failBy, type Finding, pass, runCheck, userFix } from './finding.ts';
import { checkCapabilities } from './target-capabilities.ts';

/** The findings about a target, and where it runs. */
export interface CheckedTarget {
  findings: Finding[];
  /** Node that an agent is needed on; null when the target was not found, or its pod has no node yet. */
  node: string | null;
}

/**
 * Checks that a target exists, that its container runs, that it runs in no sandbox, and whether it could take over a session.
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
  let chosen: string | null = null;
  const finding = await runCheck(
    'target',
    signal,
    async () => {
      try {
        pod = await findTargetPod(api, target, signal);
        const { name } = chooseContainer(pod, container);
        chosen = name;
        const { metadata, spec } = pod;
        return pass(`container "${name}" of pod "${metadata.name}" runs on the node "${spec.nodeName}"`);
      } catch (error) {
        const isOfTarget =
          error instanceof Failure &&
          /^(target(Not|Invalid)|containerNot)/.test(error.code) &&
          !signal.aborted;
        if (isOfTarget) return failBy(error);
        throw error;
      }
    },
    userFix,
  );
  // The compiler does not see that the check has assigned them.
  const known = pod as Pod | null;
  if (known === null) return { findings: [finding], node: null };
  const node = known.spec.nodeName === '' ? null : known.spec.nodeName;
  const findings = [finding, await checkSandbox(api, known, signal)];
  const name = chosen as string | null;
  if (name !== null) findings.push({ check: 'target capabilities', ...checkCapabilities(known, name) });
  return { findings, node };
}

async function checkSandbox(api: ApiClient, pod: Pod, signal: AbortSignal): Promise<Finding> {
  return await runCheck('sandbox', signal, async () => {
    try {
      await refuseUnreachablePod(api, pod, signal);
    } catch (error) {
      if (error instanceof Failure && error.code === 'nodeRefused') return failBy(error);
      throw error;
    }
    const { runtimeClassName } = pod.spec;
    if (runtimeClassName === null) return pass('the pod has no RuntimeClass');
    return pass(`the RuntimeClass "${runtimeClassName}" is not known as a sandbox`);
  });
}
