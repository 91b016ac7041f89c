import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readKernelFeatures } from './kernel-features.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'node-root-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

test('a kernel that has all of it is told as one', async () => {
  await write('sys/fs/cgroup/cgroup.controllers', 'cpu memory\n');
  await write('proc/sys/kernel/yama/ptrace_scope', '1\n');
  await write('proc/sys/kernel/perf_event_paranoid', '-1\n');
  await write('sys/bus/event_source/devices/kprobe/type', '8\n');
  await write('sys/kernel/btf/vmlinux', '');
  await write('sys/kernel/security/lockdown', 'none [integrity] confidentiality\n');
  expect(await readKernelFeatures(root)).toEqual({
    ...{ cgroupVersion: 2, ptraceScope: 1, perfEventParanoid: -1 },
    ...{ hasKernelProbes: true, hasBTF: true, lockdown: 'integrity' },
  });
});

test('what a kernel does not have is told as missing', async () => {
  // Where v1 is in use, v2 is mounted beside it.
  await write('sys/fs/cgroup/unified/cgroup.controllers', '');
  expect(await readKernelFeatures(root)).toEqual({
    ...{ cgroupVersion: 1, ptraceScope: null, perfEventParanoid: null },
    ...{ hasKernelProbes: false, hasBTF: false, lockdown: null },
  });
});
