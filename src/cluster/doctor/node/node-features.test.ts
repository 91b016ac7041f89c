import { describe, expect, test } from '@jest/globals';
import type { NodeReport } from '../../../session-api/node-report.ts';
import { nodeSchema } from '../../api/objects/kubernetes-objects.ts';
import { featureChecks, checkFeature } from './node-features.ts';
import { checkNodes } from './nodes.ts';

const runtime = {
  ...{ socket: '/run/containerd/containerd.sock', name: 'containerd', version: 'v2.1.0', criVersion: 'v1' },
};
const complete: NodeReport = {
  ...{ runtimes: [runtime], cgroupVersion: 2, missingLimits: [], ptraceScope: 1, perfEventParanoid: 2 },
  ...{ hasKernelProbes: true, hasBTF: true, lockdown: 'none' },
};
const node = nodeSchema.parse({ metadata: { name: 'worker' } });

function check(name: string, report: Partial<NodeReport>) {
  const checkReport = featureChecks[name];
  if (!checkReport) throw new Error(`there is no check ${name}`);
  return checkFeature(node, { ...complete, ...report }, checkReport);
}

test.each<[string, Partial<NodeReport>, string]>([
  ['CRI socket', {}, 'containerd v2.1.0 (CRI v1) on /run/containerd/containerd.sock'],
  ['ptrace', {}, 'allowed (kernel.yama.ptrace_scope 1 does not restrict root)'],
  ['ptrace', { ptraceScope: null }, 'allowed (the kernel has no Yama)'],
  ['perf events', { perfEventParanoid: 4 }, 'allowed (kernel.perf_event_paranoid 4 does not restrict root)'],
  ['kernel probes', {}, 'the kernel has them'],
  ['BTF', {}, 'the kernel exposes it in /sys/kernel/btf/vmlinux'],
  ['kernel lockdown', {}, 'none'],
  ['kernel lockdown', { lockdown: null }, 'none'],
  ['kernel lockdown', { lockdown: 'integrity' }, 'integrity'],
])('%s of a node that reports %j is in order', (name, report, message) => {
  expect(check(name, report)).toEqual({ status: 'ok', message, fix: null });
});

test.each<[string, Partial<NodeReport>, RegExp]>([
  ['CRI socket', { runtimes: [] }, /no runtime answers/],
  ['ptrace', { ptraceScope: 3 }, /ptrace_scope is 3: no process may be traced/],
  ['perf events', { perfEventParanoid: null }, /the kernel has none/],
  ['kernel probes', { hasKernelProbes: false }, /the kernel has none/],
  ['BTF', { hasBTF: false }, /exposes no BTF/],
  ['kernel lockdown', { lockdown: 'confidentiality' }, /confidentiality/],
])('%s of a node that reports %j is a warning that says what to use instead', (name, report, message) => {
  const result = check(name, report);
  expect(result).toMatchObject({ status: 'warning', message: expect.stringMatching(message) });
  expect(result.fix).not.toBeNull();
});

describe('of several nodes', () => {
  const nodes = ['one', 'other'].map((name) => nodeSchema.parse({ metadata: { name } }));
  const find = (reports: Map<string, NodeReport>, check: string) =>
    checkNodes(nodes, new Set(), reports, null).find((finding) => finding.check === check);

  test('those without an agent are unknown, and the fix says how to ask one', () => {
    const finding = find(new Map([['one', complete]]), 'BTF');
    expect(finding).toEqual({
      check: 'BTF',
      status: 'unknown',
      message: 'other: no agent on the node has reported it',
      fix: '`kubectl crashcart doctor node/other --start-agent` asks an agent, and starts one if none runs.',
    });
  });

  test('one that lacks something is named', () => {
    const reports = new Map([
      ['one', complete],
      ['other', { ...complete, hasBTF: false }],
    ]);
    expect(find(reports, 'BTF')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^other: /),
    });
    expect(find(reports, 'ptrace')).toMatchObject({ status: 'ok' });
  });
});
