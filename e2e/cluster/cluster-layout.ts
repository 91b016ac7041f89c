import { join } from 'node:path';

/** Where this checkout keeps the state of its cluster. */
export const stateDirectory = join(import.meta.dirname, '../.cluster');

/** The record of the machine's one built-in cluster, which another checkout finds, too. */
export const recordFile = '/run/kubectl-crashcart/cluster.json';

/** The names of the cluster's cgroups and interfaces start with this. */
export const namePrefix = 'crashcart';

/** The bridge that connects the nodes; the control plane and the DNS server listen on its address only. */
export const bridge = { name: `${namePrefix}0`, address: '10.77.0.1', prefixLength: 24 };

/** The API server, from this machine and from the nodes. */
export const apiServer = `https://${bridge.address}:6443`;

export const controlPlaneCgroup = `${namePrefix}-control-plane`;

/** Describes a node by its number, from 1: its name, its addresses, and the folder of its state. */
export function describeNode(number: number, state = stateDirectory) {
  const name = `node-${number}`;
  return {
    name,
    address: `10.77.0.${number + 10}`,
    podNetwork: `10.78.${number}.0/24`,
    link: `${namePrefix}-n${number}`,
    cgroup: `${namePrefix}-${name}`,
    directory: join(state, 'nodes', name),
  };
}

/** A node as it is planned, before anything of it runs. */
export type NodePlan = ReturnType<typeof describeNode>;
