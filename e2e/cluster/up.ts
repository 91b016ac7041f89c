import { parseArgs } from 'node:util';
import { getClusterState } from './cluster-state.ts';
import { startCluster } from './start-cluster.ts';

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '2' } } });
const nodes = Number(values.nodes);
if (!Number.isInteger(nodes) || nodes < 1 || nodes > 9) {
  process.stderr.write('error: --nodes takes a number from 1 to 9\n');
  process.exit(2);
}
try {
  const isNew = await startCluster({ nodes });
  const { kubeconfig, kubectl } = await getClusterState();
  process.stdout.write(
    `the cluster is ${isNew ? 'up' : 'up already'}:\n  ${kubectl} --kubeconfig ${kubeconfig} get nodes\n`,
  );
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
