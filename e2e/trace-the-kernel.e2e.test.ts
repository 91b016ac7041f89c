import { beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, runKubectl } from './harness/command-run.ts';

const musl = ['musl', '-n', 'targets', '-q'];
let node: string[];

beforeAll(async () => {
  const { stdout } = await runKubectl([
    'get',
    'pod',
    'musl',
    '-n',
    'targets',
    '-o',
    'jsonpath={.spec.nodeName}',
  ]);
  node = [`node/${stdout.toString()}`, '-q'];
});

async function run(target: string[], script: string) {
  const { code, stdout, stderr } = await runCrashcart([...target, '--', 'sh', '-c', script]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.toString().trim().split('\n');
}

/** Lists what is mounted below /sys, of the kinds that this kernel has. */
const listMounts = `
  while read -r _ _ _ _ point _; do
    case $point in /sys/kernel/* | /sys/fs/*) echo $point ;; esac
  done </proc/self/mountinfo | sort`;
const hasKind = (kind: string) => `! grep -qw ${kind} /proc/filesystems || `;

describe('a session', () => {
  test('in a container has what tracing needs, as far as the kernel has it, and nothing of the node’s cgroups', async () => {
    const mounts = await run(musl, listMounts);
    expect(mounts.filter((point) => /cgroup|security/.test(point))).toEqual([]);
    await run(musl, `${hasKind('tracefs')} test -e /sys/kernel/tracing/trace_pipe`);
    await run(musl, `${hasKind('debugfs')} mountpoint -q /sys/kernel/debug`);
    await run(musl, `${hasKind('bpf')} mountpoint -q /sys/fs/bpf`);
    expect(await run(musl, 'ls -A /sys/fs/cgroup | wc -l')).toEqual(['0']);
  });

  test('of a node also has its cgroups and its security file system', async () => {
    await run(node, 'mountpoint -q /sys/fs/cgroup && ls -d /sys/fs/cgroup/*');
    // The whole of it, not only the agent's part: PID 1's own cgroup is there.
    await run(
      node,
      'path=$(sed -n "s/^[0-9]*:\\\\(pids\\\\|\\\\):\\\\(.*\\\\)/\\\\1\\\\2/p" /proc/1/cgroup | head -n 1); ls -d /sys/fs/cgroup/$path',
    );
    await run(node, `${hasKind('securityfs')} mountpoint -q /sys/kernel/security`);
    await run(node, `${hasKind('tracefs')} test -e /sys/kernel/tracing/trace_pipe`);
  });

  test('has a BPF file system of its own: what another pins is not there', async () => {
    const pinned = await run(musl, `${hasKind('bpf')} { mkdir /sys/fs/bpf/mine && ls /sys/fs/bpf; }`);
    for (const target of [musl, node]) expect(await run(target, 'ls /sys/fs/bpf')).not.toEqual(pinned);
  });

  test('leaves the mounts of the node as they were', async () => {
    // Without those of containers: another pod may come or go meanwhile.
    const look = "grep -v ' /run/containerd/\\| /run/netns/\\| /var/lib/kubelet/' /proc/1/mountinfo";
    const before = await run(node, look);
    await run(musl, 'mount -t tmpfs tmpfs /sys/kernel/tracing && umount /sys/kernel/debug');
    await run(node, 'mount -t tmpfs tmpfs /sys/kernel/security');
    expect(await run(node, look)).toEqual(before);
  });
});
