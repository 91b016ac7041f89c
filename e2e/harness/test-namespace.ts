import { slowness } from '../limits/slowness.ts';
import { runKubectl } from './command-run.ts';

/** Pod Security's level that admits agents. */
export const privilegedLabels = { 'pod-security.kubernetes.io/enforce': 'privileged' };

/** Creates a namespace for one test, without what an earlier run left in it, and waits until it accepts pods. */
export async function createTestNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
  await deleteTestNamespace(name);
  await createObjects([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
  // A controller makes it; without it pods are refused.
  await expectSuccess(['wait', '--for=create', 'serviceaccount/default', '-n', name, '--timeout=30s']);
}

/**
 * Has a namespace deleted, and does not wait: its controller lets 5 s pass, and sixty test files would wait for it.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/namespace/namespace_controller.go (namespaceDeletionGracePeriod)
 */
export async function leaveTestNamespace(name: string): Promise<void> {
  await expectSuccess(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
}

/** Deletes a namespace with all that is in it, until it is gone: a pod that can't be deleted is found so. */
export async function deleteTestNamespace(name: string): Promise<void> {
  await expectSuccess(['delete', 'namespace', name, '--ignore-not-found', '--timeout=50s']);
}

/** Creates objects of whatever kinds, in the order given. */
export async function createObjects(objects: object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await expectSuccess(['create', '-f', '-'], JSON.stringify(list));
}

/** Runs kubectl. @returns its output. @throws with what it says, when it fails. */
export async function expectSuccess(args: string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runKubectl(args.map(scaleTimeout), { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${code}: ${stderr}`);
  return stdout.toString();
}

/** kubectl's own limit, where nodes are slow. */
function scaleTimeout(word: string): string {
  return word.replace(
    /^--timeout=(\d+)s$/,
    (_, seconds: string) => `--timeout=${Number(seconds) * slowness}s`,
  );
}
