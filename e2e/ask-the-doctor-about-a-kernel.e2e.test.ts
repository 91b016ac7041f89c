import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getClusterState } from './cluster/cluster-state.ts';
import { locateOnNodes } from './cluster/nodes-machine.ts';
import { runCrashcart } from './harness/command-run.ts';
import { askDoctor } from './harness/doctor-findings.ts';
import { runInNode } from './harness/node-commands.ts';
import { createTestNamespace, leaveTestNamespace, privilegedLabels } from './harness/test-namespace.ts';

const namespace = 'doctor-kernel';
let node: string;
const controllers = '/sys/fs/cgroup/cgroup.controllers';
const isCgroupV2 = existsSync(locateOnNodes(controllers));
const ask = (...more: string[]) => askDoctor([`node/${node}`, '--agent-namespace', namespace, ...more]);

beforeAll(async () => {
  node = (await getClusterState()).nodes.at(-1)?.name ?? '';
  await createTestNamespace(namespace, privilegedLabels);
}, 60_000);

afterAll(async () => {
  await leaveTestNamespace(namespace);
}, 60_000);

test('without an agent nothing of the kernel is known, and how to learn it is told', async () => {
  const { code, findings } = await ask();
  expect(code).toBe(0);
  for (const check of ['CRI socket', 'ptrace', 'perf events', 'kernel probes', 'BTF', 'kernel lockdown'])
    expect([check, findings[check]]).toEqual([
      check,
      {
        status: 'unknown',
        message: 'no agent on the node has reported it',
        fix: `\`kubectl crashcart doctor node/${node} --start-agent\` asks an agent, and starts one if none runs.`,
      },
    ]);
  expect(findings).not.toHaveProperty('agent start');
});

test('an agent whose image is not there is told, and leaves nothing', async () => {
  const image = ['--image', 'crashcart.test/no/such:1', '--image-pull-policy', 'Never'];
  const { code, findings } = await ask('--start-agent', ...image);
  expect(code).toBe(1);
  for (const check of ['agent start', 'image'])
    expect([check, findings[check]]).toEqual([
      check,
      {
        status: 'failed',
        message: expect.stringContaining('crashcart.test/no/such:1'),
        fix: expect.any(String),
      },
    ]);
  expect(findings['tunnel']?.status).toBe('unknown');
}, 60_000);

describe('with an agent that was started for it', () => {
  beforeAll(async () => {
    const { findings } = await ask('--start-agent');
    expect(findings['agent start']).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(new RegExp(`^took \\d+\\.\\d s on "${node}"$`)),
    });
  }, 60_000);

  test('what the node has and allows is told as it is', async () => {
    const { code, findings } = await ask('--start-agent');
    expect(code).toBe(0);
    expect(findings['agent start']).toMatchObject({
      status: 'ok',
      message: `an agent runs on "${node}" already`,
    });
    expect(findings['image']).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/^an agent of .* runs$/),
    });
    expect(findings['tunnel']).toMatchObject({ status: 'ok' });
    expect(findings['CRI socket']).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/^containerd \S+ \(CRI v1\) on \/run\/containerd\/containerd\.sock$/),
    });
    const states = {
      cgroups: isCgroupV2,
      ptrace: readNumber('/proc/sys/kernel/yama/ptrace_scope', 0) < 3,
      'perf events': readNumber('/proc/sys/kernel/perf_event_paranoid', null) !== null,
      'kernel probes': readdirSync(locateOnNodes('/sys/bus/event_source/devices')).includes('kprobe'),
      BTF: existsSync(locateOnNodes('/sys/kernel/btf/vmlinux')),
    };
    for (const [check, isThere] of Object.entries(states))
      expect([check, findings[check]?.status]).toEqual([check, isThere ? 'ok' : 'warning']);
    // A session finds the same, by trying it.
    const session = [`node/${node}`, '--agent-namespace', namespace, '-q', '--', 'check-tools'];
    const { stdout } = await runCrashcart(session);
    const rows = { ptrace: 'ptrace of the target', BTF: 'BTF of the kernel' };
    for (const check of ['ptrace', 'perf events', 'kernel probes', 'BTF'] as const) {
      const name = check in rows ? rows[check as keyof typeof rows] : check;
      const state = findings[check]?.status === 'ok' ? 'ok' : 'no';
      expect(stdout.toString()).toMatch(new RegExp(`^${state} +${name}\\b`, 'm'));
    }
  });

  test('what another kernel would lack is told, and what to use instead', async () => {
    // A kernel of one's own the node can't have: these are the files by which that one would say it.
    // An agent looks at files where the node's kubelet and runtime run.
    await runInNode(
      node,
      `
      mount -t tmpfs none /proc/sys/kernel
      mkdir /proc/sys/kernel/yama && echo 3 >/proc/sys/kernel/yama/ptrace_scope
      mount -t tmpfs none /sys/kernel
      mkdir /sys/kernel/security && echo 'none integrity [confidentiality]' >/sys/kernel/security/lockdown
      mount -t tmpfs none /sys/bus/event_source
      mount --bind /dev/null /run/containerd/containerd.sock`,
    );
    try {
      const { code, findings } = await ask();
      // With these a session works all the same.
      expect(code).toBe(0);
      for (const [check, found] of [
        ['CRI socket', 'no runtime answers at any known socket'],
        ['ptrace', 'kernel.yama.ptrace_scope is 3: no process may be traced'],
        ['perf events', 'the kernel has none'],
        ['kernel probes', 'the kernel has none'],
        ['BTF', 'the kernel exposes no BTF'],
        ['kernel lockdown', 'confidentiality'],
      ] as const)
        expect([check, findings[check]]).toEqual([
          check,
          { status: 'warning', message: found, fix: expect.any(String) },
        ]);
    } finally {
      await runInNode(
        node,
        'umount /run/containerd/containerd.sock /sys/bus/event_source /sys/kernel /proc/sys/kernel',
      );
    }
  });

  test('what another kernel would have is told', async () => {
    // The runtime asks what is mounted there, and is not misled by a file beside the v1 hierarchies.
    // An agent looks at files where the node's kubelet and runtime run.
    await runInNode(
      node,
      `
      mount -t tmpfs none /sys/bus/event_source
      mkdir -p /sys/bus/event_source/devices/kprobe
      [ -e ${controllers} ] || echo cpu memory >${controllers}`,
    );
    try {
      const { findings } = await ask();
      expect(findings['kernel probes']).toMatchObject({ status: 'ok', message: 'the kernel has them' });
      expect(findings['cgroups']).toMatchObject({ status: 'ok', message: 'v2' });
    } finally {
      await runInNode(node, `umount /sys/bus/event_source; ${isCgroupV2 ? '' : `rm ${controllers}`}`);
    }
  });
});

function readNumber<Missing>(file: string, missing: Missing): number | Missing {
  const path = locateOnNodes(file);
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : missing;
}
