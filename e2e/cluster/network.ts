import { readdir } from 'node:fs/promises';
import { bridge, namePrefix, type NodePlan } from './cluster-layout.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/** Makes the bridge that the nodes hang on. */
export async function createBridge(): Promise<void> {
  await runCommand('ip', ['link', 'add', bridge.name, 'type', 'bridge']);
  await runCommand('ip', ['address', 'add', `${bridge.address}/${bridge.prefixLength}`, 'dev', bridge.name]);
  await runCommand('ip', ['link', 'set', bridge.name, 'up']);
}

/**
 * Connects a node with the bridge, and its pods with this machine and with the pods of the other nodes.
 * @param pid is a process in the node's network namespace.
 */
export async function connectNode(node: NodePlan, pid: number, others: NodePlan[]): Promise<void> {
  await runCommand('ip', [
    'link',
    'add',
    node.link,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    String(pid),
  ]);
  await runCommand('ip', ['link', 'set', node.link, 'master', bridge.name, 'up']);
  await runCommand('ip', ['route', 'replace', node.podNetwork, 'via', node.address, 'dev', bridge.name]);
  const batch = [
    'link set lo up',
    `address add ${node.address}/${bridge.prefixLength} dev eth0`,
    'link set eth0 up',
    ...others.map((other) => `route add ${other.podNetwork} via ${other.address}`),
    // Last: the node starts its components when it has a default route.
    `route add default via ${bridge.address}`,
  ];
  const input = `${batch.join('\n')}\n`;
  await runCommand('nsenter', ['--target', String(pid), '--net', 'ip', '-batch', '-'], { input });
}

/** Returns the cluster's interfaces on this machine. */
export async function listInterfaces(): Promise<string[]> {
  return (await readdir('/sys/class/net')).filter((name) => name.startsWith(namePrefix));
}

/** Removes the cluster's interfaces. */
export async function removeInterfaces(): Promise<void> {
  for (const name of await listInterfaces()) {
    // The other end of a pair may have gone with its namespace since the listing.
    await runCommand('ip', ['link', 'delete', name]).catch(() => undefined);
  }
}
