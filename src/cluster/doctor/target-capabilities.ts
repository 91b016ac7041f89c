import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { type CheckResult, pass, warn } from './finding.ts';

/** Each of them is or includes CAP_SYS_PTRACE. */
const tracingCapabilities = ['SYS_PTRACE', 'CAP_SYS_PTRACE', 'ALL', 'CAP_ALL'];

/**
 * Checks whether a container can take over a session. With CAP_SYS_PTRACE in the node's user namespace, a process can
 * trace whatever it sees (ptrace(2)), and a session has the rights of root on the node.
 * @param container the session's. Where the pod's containers share a PID namespace, all of them see the session.
 */
export function checkCapabilities({ spec }: Pod, container: string): CheckResult {
  if (spec.hostUsers === false) return pass('the pod has a user namespace of its own');
  const all = [...spec.containers, ...spec.initContainers, ...spec.ephemeralContainers];
  const able = all.find(
    ({ name, securityContext }) =>
      (name === container || spec.shareProcessNamespace) &&
      (securityContext?.privileged === true ||
        securityContext?.capabilities?.add?.some((added) => tracingCapabilities.includes(added))),
  );
  if (able === undefined) return pass('no container that sees the session has CAP_SYS_PTRACE');
  return warn(
    `container "${able.name}" has CAP_SYS_PTRACE: its root can take over a session, and become root on the node, unless AppArmor confines it`,
    'Open sessions only if you trust the container.',
  );
}
