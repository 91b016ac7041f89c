import { runCommand } from '../../images/machine/run-command.ts';
import { bridge, describeNode } from '../cluster/cluster-layout.ts';
import { createBridge } from '../cluster/network.ts';

const node = describeNode(1);

/** Where the machine is: in the place of the built-in cluster's first node. */
export const machineNetwork = {
  address: node.address,
  prefixLength: bridge.prefixLength,
  gateway: bridge.address,
  /** The tap device that QEMU opens. */
  tap: node.link,
};

/** Makes the bridge and the tap device, in the network namespace of this process, which has nothing yet. */
export async function createMachineNetwork(): Promise<void> {
  await runCommand('ip', ['link', 'set', 'lo', 'up']);
  await createBridge();
  await runCommand('ip', ['tuntap', 'add', 'dev', node.link, 'mode', 'tap']);
  await runCommand('ip', ['link', 'set', node.link, 'master', bridge.name, 'up']);
  await runCommand('ip', ['route', 'add', node.podNetwork, 'via', node.address, 'dev', bridge.name]);
}
