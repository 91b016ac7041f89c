import { runCommand } from '../../images/machine/run-command.ts';
import { getClusterState } from '../cluster/cluster-state.ts';
import { getNodeShell, getNodesShell } from '../cluster/nodes-machine.ts';

/**
 * Runs a command on the machine that the nodes run on, outside of every node.
 * @returns what it wrote to stdout.
 * @throws ExecaError when the command fails.
 */
export async function runOnNodes(...words: string[]): Promise<string> {
  const [file = 'true', ...args] = [...getNodesShell(), ...words];
  return await runCommand(file, args);
}

/**
 * Runs a script where a node's kubelet and container runtime run: among the node's own mounts and processes.
 * @param name of the node.
 * @throws Error when there is no such node; ExecaError when the script fails.
 */
export async function runInNode(name: string, script: string): Promise<void> {
  const { nodes } = await getClusterState();
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`the cluster has no node ${name}`);
  const [file, ...before] = getNodeShell(node);
  await runCommand(file, [...before, 'sh', '-euc', script]);
}
