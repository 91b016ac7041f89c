import { expectSuccess } from './test-namespace.ts';

/** @returns labels by which {@link removeMadeUpNodes} finds what was made for a test, by its namespace. */
export function labelMadeUp(namespace: string): Record<string, string> {
  return { 'crashcart.test/for': namespace };
}

/** Describes a node object that has no kubelet. */
export function describeMadeUpNode(
  name: string,
  namespace: string,
  { os = 'linux', taints = [] }: { os?: string; taints?: object[] } = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...labelMadeUp(namespace), 'kubernetes.io/os': os } },
    // Nobody else's pods are to go there.
    spec: { unschedulable: true, taints },
  };
}

/** Describes a runtime of sandboxes, for pods on such nodes: no node has it. */
export function describeSandboxClass(name: string, namespace: string): object {
  return {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name, labels: labelMadeUp(namespace) },
    handler: 'runsc',
  };
}

/**
 * Tells the status of a made-up node, or of a pod on it, as its kubelet would.
 * @param namespace of the pod.
 */
export async function patchStatus(
  kind: 'node' | 'pod',
  name: string,
  namespace: string,
  status: object,
): Promise<void> {
  const where = kind === 'node' ? [] : ['-n', namespace];
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  await expectSuccess(['patch', kind, name, ...where, ...patch]);
}

/**
 * Removes the made-up nodes of a test, and what was made along with them. To be done before its namespace is deleted,
 * which would wait for the pods.
 */
export async function removeMadeUpNodes(namespace: string): Promise<void> {
  const ours = Object.entries(labelMadeUp(namespace)).flatMap(([key, value]) => ['-l', `${key}=${value}`]);
  // No kubelet would ever confirm the end of these pods.
  await expectSuccess(['delete', 'pods', '-n', namespace, ...ours, '--force', '--grace-period=0']);
  await expectSuccess(['delete', 'nodes,runtimeclasses', ...ours]);
}
