import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import { type Node, nodeSchema, type Pod, runtimeClassSchema } from '../api/kubernetes-objects.ts';

/** Handlers whose containers' processes are not the node's: what the agent sees is the sandbox alone. */
const sandboxedHandler = /^(kata|runsc|gvisor|firecracker)/i;
const architectures = ['amd64', 'arm64'];

/**
 * Refuses a pod whose processes can't be reached from its node, before anything is made.
 * @throws Failure `nodeRefused`.
 */
export async function refuseUnreachablePod(api: ApiClient, pod: Pod, signal: AbortSignal): Promise<void> {
  if (pod.spec.os?.name === 'windows') throw describeWindows(`pod "${pod.metadata.name}"`);
  const { runtimeClassName } = pod.spec;
  if (runtimeClassName === null) return;
  const runtimeClass = await allowForbidden(
    api.get({
      path: `apis/node.k8s.io/v1/runtimeclasses/${runtimeClassName}`,
      schema: runtimeClassSchema,
      access: { verb: 'get', resource: 'runtimeclasses.node.k8s.io', namespace: null },
      signal,
    }),
  );
  if (runtimeClass && sandboxedHandler.test(runtimeClass.handler)) {
    throw new Failure(
      'nodeRefused',
      `pod "${pod.metadata.name}" runs in a sandbox (RuntimeClass "${runtimeClassName}", handler "${runtimeClass.handler}")`,
      'Its processes are not visible from the node. `kubectl debug --target` runs inside the sandbox.',
    );
  }
}

/**
 * Refuses a node where no agent can run, before one is made.
 * @param required whether the node itself is the target: it has to be readable and known then.
 * @throws Failure `nodeRefused`, `targetNotFound`, ApiError.
 */
export async function refuseUnusableNode(
  api: ApiClient,
  name: string,
  required: boolean,
  signal: AbortSignal,
): Promise<void> {
  const request = api.get({
    path: `api/v1/nodes/${name}`,
    schema: nodeSchema,
    access: { verb: 'get', resource: 'nodes', namespace: null },
    signal,
  });
  try {
    const node = await (required ? request : allowForbidden(request));
    if (node) refuseNode(node);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new Failure('targetNotFound', `node "${name}" was not found`, 'Nodes: `kubectl get nodes`.', {
      cause: error,
    });
  }
}

/** @throws Failure `nodeRefused`. */
export function refuseNode({ metadata, status }: Node): void {
  const where = `node "${metadata.name}"`;
  const { labels } = metadata;
  if (labels['kubernetes.io/os'] === 'windows') throw describeWindows(where);
  if (labels['type'] === 'virtual-kubelet' || labels['kubernetes.io/role'] === 'virtual-kubelet') {
    throw new Failure('nodeRefused', `${where} is a virtual node: no agent can run there`);
  }
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  if (ready && ready.status !== 'True') {
    throw new Failure(
      'nodeRefused',
      `${where} is not ready: ${ready.reason}${ready.message === '' ? '' : ` (${ready.message})`}`,
      'Its kubelet starts no agent in this state.',
    );
  }
  const { architecture } = status.nodeInfo;
  if (architecture !== '' && !architectures.includes(architecture)) {
    throw new Failure(
      'nodeRefused',
      `${where} is of the architecture ${architecture}`,
      `The agent's image is made for ${architectures.join(' and ')}.`,
    );
  }
}

function describeWindows(where: string): Failure {
  return new Failure('nodeRefused', `${where} runs Windows`, 'Only Linux nodes have what the agent enters.');
}

/** Nodes and RuntimeClasses are not everyone's to read; the agent finds out by itself then. */
async function allowForbidden<Value>(request: Promise<Value>): Promise<Value | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return null;
    throw error;
  }
}
