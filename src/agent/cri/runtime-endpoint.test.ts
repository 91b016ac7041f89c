import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findKubeletEndpoint, parseEndpointFlag } from './runtime-endpoint.ts';

test.each([
  [['kubelet', '--container-runtime-endpoint=unix:///run/k0s/containerd.sock'], '/run/k0s/containerd.sock'],
  [['kubelet', '--container-runtime-endpoint', '/var/run/crio/crio.sock'], '/var/run/crio/crio.sock'],
  [['kubelet', '--container-runtime-endpoint=unix:/run/a.sock'], '/run/a.sock'],
  [['kubelet', '--container-runtime-endpoint=npipe:////./pipe/containerd'], null],
  [['kubelet', '--config', '/etc/kubelet.yaml'], null],
])('reads the runtime endpoint from %j', (argv, expected) => {
  expect(parseEndpointFlag(argv)).toBe(expected);
});

describe('the kubelet’s endpoint', () => {
  let procfs: string;

  beforeEach(async () => {
    procfs = await mkdtemp(join(tmpdir(), 'procfs-'));
    await addProcess(1, 'pid:[1]', '/init.scope', ['init']);
  });

  afterEach(async () => {
    await rm(procfs, { recursive: true });
  });

  async function addProcess(
    pid: number,
    pidNamespace: string,
    cgroup: string,
    argv: string[],
  ): Promise<void> {
    const directory = join(procfs, String(pid));
    await mkdir(join(directory, 'ns'), { recursive: true });
    await symlink(pidNamespace, join(directory, 'ns/pid'));
    await writeFile(join(directory, 'cgroup'), `0::${cgroup}\n`);
    await writeFile(join(directory, 'cmdline'), argv.map((argument) => `${argument}\0`).join(''));
  }

  const kubelet = (socket: string) => ['/usr/bin/kubelet', `--container-runtime-endpoint=unix://${socket}`];

  const find = () =>
    findKubeletEndpoint(procfs, (files) =>
      Promise.all(
        files.map(async ({ root, path }) => ({ status: 'read', content: await readFile(join(root, path)) })),
      ),
    );

  test('is read from the node’s own process, however many there are', async () => {
    for (let pid = 100; pid < 140; pid++) await addProcess(pid, 'pid:[1]', '/', ['sleep']);
    await addProcess(200, 'pid:[1]', '/system.slice/kubelet.service', kubelet('/run/own.sock'));
    expect(await find()).toBe('/run/own.sock');
  });

  test('is none that a container’s process names', async () => {
    await addProcess(20, 'pid:[2]', '/', kubelet('/trap.sock'));
    await addProcess(21, 'pid:[1]', '/kubepods.slice/kubepods-pod1.slice/a.scope', kubelet('/trap.sock'));
    expect(await find()).toBeNull();
  });
});
