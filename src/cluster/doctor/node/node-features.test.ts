import { describe, expect, test } from '@jest/globals';
import type { NodeReport } from '../../../session-api/node-report.ts';
import { nodeSchema } from '../../api/kubernetes-objects.ts';
import { featureJudges, judgeFeature } from './node-features.ts';
import { checkNodes } from './nodes.ts';

const runtime = {
  ...{ socket: '/run/containerd/containerd.sock', name: 'containerd', version: 'v2.1.0', criVersion: 'v1' },
};
const complete: NodeReport = {
  ...{ runtimes: [runtime], cgroupVersion: 2, ptraceScope: 1, perfEventParanoid: 2 },
  ...{ hasKernelProbes: true, hasBTF: true, lockdown: 'none' },
};
const node = nodeSchema.parse({ metadata: { name: 'worker' } });

function judge(check: string, report: Partial<NodeReport>) {
  const judgeReport = featureJudges[check];
  if (!judgeReport) throw new Error(`there is no check ${check}`);
  return judgeFeature(node, { ...complete, ...report }, judgeReport);
}

test.each<[string, Partial<NodeReport>, string]>([
  ['CRI socket', {}, 'containerd v2.1.0 (CRI v1) on /run/containerd/containerd.sock'],
  ['ptrace', {}, 'allowed (kernel.yama.ptrace_scope 1 does not bind root)'],
  ['ptrace', { ptraceScope: null }, 'allowed (the kernel has no Yama)'],
  ['perf events', { perfEventParanoid: 4 }, 'allowed (kernel.perf_event_paranoid 4 does not bind root)'],
  ['kernel probes', {}, 'there'],
  ['BTF', {}, '/sys/kernel/btf/vmlinux is there'],
  ['kernel lockdown', {}, 'none'],
  ['kernel lockdown', { lockdown: null }, 'none'],
  ['kernel lockdown', { lockdown: 'integrity' }, 'integrity'],
])('%s of a node that reports %j is in order', (check, report, found) => {
  expect(judge(check, report)).toEqual({ state: 'ok', found, mend: null });
});

test.each<[string, Partial<NodeReport>, RegExp]>([
  ['CRI socket', { runtimes: [] }, /no runtime answers/],
  ['ptrace', { ptraceScope: 3 }, /ptrace_scope is 3: nobody may attach/],
  ['perf events', { perfEventParanoid: null }, /the kernel has none/],
  ['kernel probes', { hasKernelProbes: false }, /the kernel has none/],
  ['BTF', { hasBTF: false }, /does not tell its types/],
  ['kernel lockdown', { lockdown: 'confidentiality' }, /confidentiality/],
])('%s of a node that reports %j is a warning that says what to use instead', (check, report, found) => {
  const verdict = judge(check, report);
  expect(verdict).toMatchObject({ state: 'warning', found: expect.stringMatching(found) });
  expect(verdict.mend).not.toBeNull();
});

describe('of several nodes', () => {
  const nodes = ['one', 'other'].map((name) => nodeSchema.parse({ metadata: { name } }));
  const find = (reports: Map<string, NodeReport>, check: string) =>
    checkNodes(nodes, new Set(), reports).find((finding) => finding.check === check);

  test('those without an agent are not known, and who to ask is told', () => {
    const found = find(new Map([['one', complete]]), 'BTF');
    expect(found).toEqual({
      check: 'BTF',
      state: 'unknown',
      found: 'other: no agent there has told',
      mend: '`kubectl crashcart doctor node/other --start-agent` asks one, and starts it if need be.',
    });
  });

  test('one that lacks something is named', () => {
    const reports = new Map([
      ['one', complete],
      ['other', { ...complete, hasBTF: false }],
    ]);
    expect(find(reports, 'BTF')).toMatchObject({
      state: 'warning',
      found: expect.stringMatching(/^other: /),
    });
    expect(find(reports, 'ptrace')).toMatchObject({ state: 'ok' });
  });
});
