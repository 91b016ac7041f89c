// Started by lane.ts in the lane's namespaces: brings up network, control plane, machine, node and targets there.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../images/machine/run-command.ts';
import { describeNode, recordFile, stateDirectory } from '../cluster/cluster-layout.ts';
import { saveClusterRecord, type ClusterRecord } from '../cluster/cluster-state.ts';
import { listReadyNodes } from '../cluster/cluster-status.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { recordLoaded } from '../cluster/load-image.ts';
import { prepareNode } from '../cluster/node.ts';
import { preparePods } from '../cluster/pod-prerequisites.ts';
import { assertRunning, readStartTime, waitFor } from '../cluster/processes.ts';
import { prepareTargets } from '../test-cluster.ts';
import { chooseAccelerator } from './accelerator.ts';
import { buildGuestCommand, getSSHOptions, guestLogin } from './guest-shell.ts';
import type { LanePlan } from './lane.ts';
import { createMachineNetwork, machineNetwork } from './machine-network.ts';
import { sharedFolderTag, startMachine } from './machine.ts';

const e2e = join(import.meta.dirname, '..');
const node = describeNode(1);
const plan = JSON.parse(process.argv[2] ?? '') as LanePlan;
const { options, binaries, archives, scratch } = plan;

await hideOtherCluster();
await createMachineNetwork();
const record: ClusterRecord = {
  phase: 'starting',
  starter: { pid: process.pid, startTime: readStartTime(process.pid) ?? '' },
  stateDirectory,
  binaries,
  nodeCount: 1,
  processes: [],
  nodes: [],
  mountPoints: [],
};
const pid = startMachine(chooseAccelerator(), {
  ...{ disk: plan.disk, images: plan.images, kernelOptions: options.kernelOptions },
  ...{ sharedFolder: e2e, logDirectory: scratch },
});
const machine = {
  name: 'machine',
  pid,
  startTime: readStartTime(pid) ?? '',
  logFile: join(scratch, 'serial.log'),
};
await mkdir(join(stateDirectory, 'logs'), { recursive: true });
await startControlPlane(record, (component) => record.processes.push(component), null);
await prepareNode(node, record, {
  cgroupDriver: options.driver,
  defaultRuntime: options.runtime,
  isMachine: true,
});
await recordLoaded(node, archives);
await connect();
await joinNode();
record.nodes = [{ name: node.name, pid, address: node.address }];
await waitFor('Ready', machine, 120_000, async () => {
  record.processes.forEach(assertRunning);
  return (await listReadyNodes(record)).includes(node.name);
});
await preparePods(record);
record.phase = 'ready';
saveClusterRecord(record);
await prepareTargets();

/** The machine may have a cluster of its own, whose record, state and plugin are not meant here. */
async function hideOtherCluster(): Promise<void> {
  const pairs = [
    [join(scratch, 'run'), join(recordFile, '..')],
    [join(scratch, 'state'), stateDirectory],
    ...(existsSync(join(scratch, 'plugin'))
      ? [[join(scratch, 'plugin'), join(e2e, '../dist/plugin')] as const]
      : []),
  ] as const;
  for (const [from, to] of pairs) {
    await mkdir(from, { recursive: true });
    await mkdir(to, { recursive: true });
    await runCommand('mount', ['--bind', from, to]);
  }
}

/** Waits until the machine lets us in, keeps one connection for all, and mounts its root. */
async function connect(): Promise<void> {
  const options = getSSHOptions().flatMap((option) => ['-o', option]);
  await waitFor('reachable', machine, 120_000, async () => {
    const login = ['-M', '-N', '-f', ...options, guestLogin];
    // Its stderr stays open as long as the connection.
    const command = ['-c', 'exec ssh "$@" >/dev/null 2>&1', 'sh', ...login];
    const isIn = await runCommand('sh', command, { timeoutMs: 60_000 }).then(
      () => true,
      () => false,
    );
    if (!isIn) await sleep(1000);
    return isIn;
  });
  const root = join(scratch, 'root');
  await mkdir(root, { recursive: true });
  // The files of /proc have no size, and nothing there may be remembered.
  const flags = [...getSSHOptions(), 'direct_io', 'dir_cache=no', 'ro'].join(',');
  await runCommand('sshfs', ['-o', flags, `${guestLogin}:/`, root]);
}

async function joinNode(): Promise<void> {
  const mount = [
    'mount',
    '-t',
    '9p',
    '-o',
    'trans=virtio,version=9p2000.L,msize=262144',
    sharedFolderTag,
    e2e,
  ];
  await runInGuest('mkdir', '-p', e2e);
  await runInGuest(...mount);
  if (options.yama !== null) await runInGuest('sysctl', `kernel.yama.ptrace_scope=${options.yama}`);
  const script = join(import.meta.dirname, 'guest/join-node.sh');
  await runInGuest('bash', script, node.name, node.directory, binaries, machineNetwork.address);
}

async function runInGuest(...words: string[]): Promise<void> {
  const [file, ...args] = buildGuestCommand(words);
  await runCommand(file, args, { timeoutMs: 10 * 60_000 });
}
