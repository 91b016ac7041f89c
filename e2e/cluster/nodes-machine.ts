import { join } from 'node:path';

/**
 * Set where the nodes run on another machine than the tests: the folder where its root is mounted, and the words, in
 * JSON, of a command line that runs there what follows it. Without them the nodes run on this machine, in namespaces of
 * their own.
 */
export const nodesRootVariable = 'CRASHCART_E2E_NODES_ROOT';
export const nodesShellVariable = 'CRASHCART_E2E_NODES_SHELL';

/** @returns where this machine has a file of the machine that the nodes run on. */
export function locateOnNodes(path: string): string {
  return join(process.env[nodesRootVariable] ?? '/', path);
}

/**
 * Names the command line that runs another one on the machine that the nodes run on, among the processes and mounts of
 * that machine.
 * @returns the words before the other command's; none where it is this machine.
 */
export function getNodesShell(): string[] {
  return JSON.parse(process.env[nodesShellVariable] ?? '[]') as string[];
}

/**
 * Names the command line that runs another one where a node's kubelet and container runtime run.
 * @param node its `pid` counts only where the nodes run on this machine.
 * @returns the words before the other command's.
 */
export function getNodeShell(node: { pid: number }): [string, ...string[]] {
  const [file, ...words] = getNodesShell();
  if (file !== undefined) return [file, ...words];
  return ['nsenter', '--target', String(node.pid), '--mount', '--pid'];
}
