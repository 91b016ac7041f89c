import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildOnce, hashInputs, pruneCache } from '../../images/machine/build-cache.ts';
import { runCommand } from '../../images/machine/run-command.ts';

const importLimitMs = 10 * 60_000;
const startLimitMs = 30_000;

/**
 * Makes a disk that is a containerd's root with these images unpacked, or finds it in the cache. They are unpacked by
 * this machine's own CPU: an emulated one needs 20 minutes for the agent's image.
 * @param archives of images, docker's or OCI's, in folders whose names change with their content.
 * @returns the path of the disk.
 */
export async function buildImageStore(archives: string[], binaries: string): Promise<string> {
  const key = await hashInputs([...archives, binaries, { file: import.meta.filename }]);
  const directory = await buildOnce('machine-images', key, async (unfinished) => {
    process.stderr.write('unpacking the images for the machine\n');
    const store = join(unfinished, 'store');
    await mkdir(store);
    await unpackImages(archives, binaries, store);
    await runCommand('mke2fs', ['-q', '-t', 'ext4', '-d', store, join(unfinished, 'images.raw'), '12G'], {
      timeoutMs: importLimitMs,
    });
    await rm(store, { recursive: true });
  });
  await pruneCache('machine-images', 2);
  return join(directory, 'images.raw');
}

async function unpackImages(archives: string[], binaries: string, store: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'crashcart-images-'));
  const socket = join(scratch, 'containerd.sock');
  const configuration = join(scratch, 'containerd.toml');
  await writeFile(
    configuration,
    `version = 3
root = "${store}"
state = "${scratch}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"]
[grpc]
address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "${store}/opt"
`,
  );
  const logFile = join(scratch, 'containerd.log');
  const log = openSync(logFile, 'w');
  // Mounts of its own: those of an unpacking that is interrupted go with it, as it goes with this process.
  const command = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'];
  const daemon = [join(binaries, 'containerd'), '--config', configuration];
  const containerd = spawn('setpriv', [...command, ...daemon], { stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(containerd, 'exit');
  try {
    const ctr = (...args: string[]) =>
      runCommand(join(binaries, 'ctr'), ['--address', socket, '--namespace', 'k8s.io', ...args], {
        timeoutMs: importLimitMs,
      });
    const deadline = performance.now() + startLimitMs;
    while (!(await ctr('version').then(Boolean, () => false))) {
      if (performance.now() > deadline || containerd.exitCode !== null)
        throw new Error(`containerd does not start:\n${await readFile(logFile, 'utf8')}`);
      await sleep(100);
    }
    for (const archive of archives) await ctr('images', 'import', '--local', archive);
  } finally {
    containerd.kill('SIGTERM');
    await ended;
    await rm(scratch, { recursive: true, force: true });
  }
}
