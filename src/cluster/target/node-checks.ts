import type { ApiClient } from '../api/api-client.ts';
import { ApiError, isNotFound } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import type { Node, Pod } from '../api/objects/kubernetes-objects.ts';
import { nodes, runtimeClasses } from '../api/resources.ts';

/**
 * Words of a node's Ready condition with which its kubelet starts no pod at all, or admits none. With all others, as
 * that the network of pods is not ready, it starts agents, which are in the node's network.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/runtime.go (runtimeErrors), …/nodestatus/setters.go
 */
const idleKubelet =
  /container runtime (is down|not ready|status check may not have completed)|is not healthy|node is shutting down/i;

/** Handlers that run containers in a sandbox: on the node only the sandbox's own process is visible. */
const sandboxedHandler = /^(kata|runsc|gvisor|firecracker)/i;
const architectures = ['amd64', 'arm64'];

/**
 * Refuses a pod whose processes can't be reached from its node, before anything is made.
 * @throws Failure `nodeRefused`, `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function refuseUnreachablePod(api: ApiClient, pod: Pod, signal: AbortSignal): Promise<void> {
  if (pod.metadata.labels['eks.amazonaws.com/fargate-profile'] !== undefined)
    throw describeFargate(`pod "${pod.metadata.name}"`);
  if (pod.spec.os?.name === 'windows') throw describeWindows(`pod "${pod.metadata.name}"`);
  const { runtimeClassName } = pod.spec;
  if (runtimeClassName === null) return;
  const runtimeClass = await allowForbidden(api.get({ ...runtimeClasses.get(runtimeClassName), signal }));
  if (runtimeClass && sandboxedHandler.test(runtimeClass.handler)) {
    throw new Failure(
      'nodeRefused',
      `pod "${pod.metadata.name}" runs in a sandbox (RuntimeClass "${runtimeClassName}", handler "${runtimeClass.handler}")`,
      'Its processes are not visible from the node. `kubectl debug --target` runs inside the sandbox.',
    );
  }
}

/**
 * Refuses a node where no agent can run, before an agent is made.
 * @param isTarget whether the node itself is the target: then it has to exist, and the user has to be allowed to read it.
 * @throws Failure `nodeRefused`, `targetNotFound`, `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function refuseUnusableNode(
  api: ApiClient,
  name: string,
  { isTarget }: { isTarget: boolean },
  signal: AbortSignal,
): Promise<void> {
  const request = api.get({ ...nodes.get(name), signal });
  try {
    const node = await (isTarget ? request : allowForbidden(request));
    if (node) refuseNode(node);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new Failure('targetNotFound', `node "${name}" was not found`, 'Nodes: `kubectl get nodes`.', {
      cause: error,
    });
  }
}

/** @throws Failure `nodeRefused` for a node where no agent can run. */
export function refuseNode({ metadata, status }: Node): void {
  const where = `node "${metadata.name}"`;
  const { labels } = metadata;
  if (labels['kubernetes.io/os'] === 'windows') throw describeWindows(where);
  if (labels['type'] === 'virtual-kubelet' || labels['kubernetes.io/role'] === 'virtual-kubelet') {
    throw new Failure('nodeRefused', `${where} is a virtual node: no agent can run there`);
  }
  if (labels['eks.amazonaws.com/compute-type'] === 'fargate') throw describeFargate(where);
  const notReady = describeNotReady(status.conditions);
  const isUnknown = status.conditions.some(
    ({ type, status: value }) => type === 'Ready' && value === 'Unknown',
  );
  if (notReady !== null && (isUnknown || idleKubelet.test(notReady))) {
    throw new Failure(
      'nodeRefused',
      `${where} is not ready: ${notReady}`,
      isUnknown
        ? 'Its kubelet does not report: the node may be down, or cut off.'
        : 'Its kubelet starts no agent in this state.',
    );
  }
  const { architecture } = status.nodeInfo;
  if (architecture !== '' && !architectures.includes(architecture)) {
    throw new Failure(
      'nodeRefused',
      `${where} has the architecture ${architecture}`,
      `The agent's image is built for ${architectures.join(' and ')}.`,
    );
  }
}

/**
 * Describes what a node's Ready condition says.
 * @returns null for a node that is ready, or that has no such condition.
 */
export function describeNotReady(conditions: Node['status']['conditions']): string | null {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (!ready || ready.status === 'True') return null;
  return `${ready.reason}${ready.message === '' ? '' : ` (${ready.message})`}`;
}

/** https://docs.aws.amazon.com/eks/latest/userguide/fargate.html */
function describeFargate(where: string): Failure {
  return new Failure(
    'nodeRefused',
    `${where} runs on AWS Fargate, which has no privileged pods, and one pod a machine`,
    'Use `kubectl debug --target`, which adds a container to the pod itself.',
  );
}

function describeWindows(where: string): Failure {
  return new Failure(
    'nodeRefused',
    `${where} runs Windows`,
    'An agent enters Linux namespaces, which only Linux nodes have.',
  );
}

/** Not every user may read nodes and RuntimeClasses. The agent finds out for itself then. */
async function allowForbidden<Value>(request: Promise<Value>): Promise<Value | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return null;
    throw error;
  }
}
