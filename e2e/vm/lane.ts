// `npm run test:vm`: the e2e and fault tests with a node that is a machine with a distribution's own kernel.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildImages } from '../../images/build.ts';
import { installPackages } from '../../images/machine/install-packages.ts';
import { buildBinaries } from '../cluster/binaries.ts';
import { nodesRootVariable, nodesShellVariable } from '../cluster/nodes-machine.ts';
import { buildPauseImage } from '../cluster/pause-image.ts';
import { slownessVariable } from '../limits/slowness.ts';
import { buildTargetImages } from '../targets/build.ts';
import { chooseAccelerator } from './accelerator.ts';
import { buildDisk, type MachineDisk } from './disk.ts';
import { keyVariable } from './guest-shell.ts';
import { buildImageStore } from './image-store.ts';
import { readLaneOptions, type LaneOptions, type MachineOptions } from './lane-options.ts';
import { selectLaneTests } from './lane-tests.ts';
import { buildPatientPlugin } from './patient-plugin.ts';
import { buildRoomCommand, closeRoom, findRoom, openRoom, type Room } from './room.ts';

/** All that start-lane.ts needs to know. */
export interface LanePlan {
  options: MachineOptions;
  disk: MachineDisk;
  /** The disk with the images. */
  images: string;
  /** Of the images on that disk. */
  archives: string[];
  binaries: string;
  scratch: string;
}

const checkout = join(import.meta.dirname, '../..');
const packages = [
  ...['qemu-system-x86', 'sshfs', 'openssh-client', 'tini', 'util-linux', 'iproute2', 'openssl'],
  ...['buildah', 'gcc', 'libc6-dev'],
];

if (import.meta.main) {
  try {
    process.exitCode = await runLane(readLaneOptions(process.argv.slice(2)));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function runLane(options: LaneOptions): Promise<number> {
  if (process.getuid?.() !== 0)
    throw new Error('namespaces, mounts and a tap device need root: run this with sudo');
  const known = await findRoom();
  if (options.stop) {
    if (known !== null) await end(known);
    return 0;
  }
  const built = await build(options);
  const purpose = JSON.stringify({ checkout, ...built });
  if (known !== null && known.purpose !== purpose)
    throw new Error('a machine of other options or images is up: end it with `npm run test:vm -- --stop`');
  const scratch = known?.scratch ?? (await mkdtemp(join(tmpdir(), 'crashcart-vm-')));
  const room = known ?? (await openRoom(scratch, purpose, options.keep));
  const plan = { ...built, scratch };
  // What runs in the room gets the terminal's signals itself; a room that is kept stays, once it is complete.
  let isComplete = known !== null;
  const interrupt = () => {
    const closed = options.keep && isComplete ? Promise.resolve() : closeRoom(room);
    void closed.finally(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  if (known === null) {
    try {
      await start(room, plan);
      isComplete = true;
    } catch (error) {
      await closeRoom(room);
      console.error(`the logs are in ${room.scratch}`);
      throw error;
    }
  }
  try {
    return await run(room, plan, options);
  } finally {
    if (!options.keep) await end(room);
  }
}

/** Whatever can be built before there are namespaces without a way to the outside. */
async function build({
  kernel,
  kernelOptions,
  yama,
  driver,
  runtime,
}: LaneOptions): Promise<Omit<LanePlan, 'scratch'>> {
  await installPackages(packages);
  const binaries = await buildBinaries();
  const disk = await buildDisk(kernel, binaries);
  const archives = [
    await buildPauseImage(),
    ...(await buildTargetImages()),
    (await buildImages()).agent.archive,
  ];
  const images = await buildImageStore(archives, binaries);
  return {
    options: { kernel, kernelOptions, yama, driver, runtime },
    disk,
    images,
    archives,
    binaries,
  };
}

async function start(room: Room, plan: LanePlan): Promise<void> {
  const { slowness } = chooseAccelerator();
  console.error(
    `starting a machine with Linux ${plan.options.kernel}, ${slowness === 1 ? 'by KVM' : 'emulated: this takes minutes'}`,
  );
  if (slowness !== 1) await buildPatientPlugin(join(plan.scratch, 'plugin'), slowness);
  const started = performance.now();
  const script = [process.execPath, join(import.meta.dirname, 'start-lane.ts'), JSON.stringify(plan)];
  if ((await runInRoom(room, plan, script)) !== 0) throw new Error('the node does not start');
  console.error(`the node is ready after ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function run(room: Room, plan: LanePlan, options: LaneOptions): Promise<number> {
  if (options.command !== null)
    return options.command.length === 0 ? 0 : await runInRoom(room, plan, options.command);
  const { runnable, skipped } = selectLaneTests(options.files);
  for (const { file, reason } of skipped) console.error(`skipped: ${file}: ${reason}`);
  const jest = join(checkout, 'node_modules/jest/bin/jest.js');
  const nodeFlags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const projects = ['--selectProjects', 'e2e', 'faults', '--ci', '--runInBand'];
  const words = [...nodeFlags, jest, ...projects, ...options.jestFlags, '--runTestsByPath', ...runnable];
  const code = runnable.length === 0 ? 0 : await runInRoom(room, plan, [process.execPath, ...words]);
  console.error(`${runnable.length} files run, ${skipped.length} skipped: they can't run with this node`);
  return code;
}

async function runInRoom(room: Room, { disk, binaries }: LanePlan, words: string[]): Promise<number> {
  const shell = [process.execPath, join(import.meta.dirname, 'guest-shell.ts')];
  const [file, ...args] = buildRoomCommand(room, ['env', '-C', checkout, ...words]);
  const { exitCode } = await execa(file, args, {
    stdio: 'inherit',
    reject: false,
    env: {
      PATH: `${join(checkout, 'plugin')}:${binaries}:${process.env['PATH'] ?? ''}`,
      KUBECONFIG: join(checkout, 'e2e/.cluster/kubeconfig'),
      [keyVariable]: disk.privateKey,
      [nodesRootVariable]: join(room.scratch, 'root'),
      [nodesShellVariable]: JSON.stringify(shell),
      [slownessVariable]: String(chooseAccelerator().slowness),
    },
  });
  return exitCode ?? 1;
}

async function end(room: Room): Promise<void> {
  await closeRoom(room);
  await rm(room.scratch, { recursive: true, force: true });
}
