import { join } from 'node:path';
import { getKubeconfigPath, type ClusterRecord } from './cluster-state.ts';
import { waitFor } from './processes.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/**
 * Makes or awaits what pods need beside nodes: the default service account, which a controller makes, and the second
 * runtime.
 */
export async function preparePods(record: ClusterRecord): Promise<void> {
  const kubectl = join(record.binaries, 'kubectl');
  const flags = ['--kubeconfig', getKubeconfigPath(record.stateDirectory)];
  const metadata = { name: 'crun' };
  const runtimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata, handler: 'crun' };
  await runCommand(kubectl, [...flags, 'apply', '-f', '-'], { input: JSON.stringify(runtimeClass) });
  for (const component of record.processes) {
    if (component.name !== 'kube-controller-manager') continue;
    const account = ['get', 'serviceaccount', 'default', '-n', 'default', '--ignore-not-found', '-o', 'name'];
    await waitFor(
      'ready',
      component,
      30_000,
      async () => (await runCommand(kubectl, [...flags, ...account])) !== '',
    );
  }
}
