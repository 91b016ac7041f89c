import type { NodeReport } from '../../../session-api/node-report.ts';
import type { Node } from '../../api/objects/kubernetes-objects.ts';
import { linkDocs } from '../../../failure/docs-link.ts';
import { type CheckResult, leaveOpen, pass, warn } from '../finding.ts';

/** Checks one feature of a node by its agent's report. */
type FeatureCheck = (report: NodeReport) => CheckResult;

/** The features that only an agent can see, by check. Sessions work without any of them. */
export const featureChecks: Record<string, FeatureCheck> = {
  'CRI socket': ({ runtimes }) => {
    const found = runtimes.map(
      ({ socket, name, version, criVersion }) => `${name} ${version} (CRI ${criVersion}) on ${socket}`,
    );
    if (found.length > 0) return pass(found.join('; '));
    return warn(
      'no runtime answers at any known socket',
      `Targets are found by their cgroups instead, and sandboxes are not detected: ${linkDocs('docs/distributions.md')}.`,
    );
  },
  ptrace: ({ ptraceScope }) => {
    if (ptraceScope === null) return pass('allowed (the kernel has no Yama)');
    if (ptraceScope < 3)
      return pass(`allowed (kernel.yama.ptrace_scope ${ptraceScope} does not restrict root)`);
    return warn(
      `kernel.yama.ptrace_scope is ${ptraceScope}: no process may be traced`,
      'strace and gdb do not work; perf and bpftrace do. Only a restart of the node lowers it.',
    );
  },
  'perf events': ({ perfEventParanoid: level }) => {
    if (level !== null) return pass(`allowed (kernel.perf_event_paranoid ${level} does not restrict root)`);
    return warn('the kernel has none', '`--tool stacks` and `--tool syscalls` do not need them.');
  },
  'kernel probes': ({ hasKernelProbes }) =>
    hasKernelProbes
      ? pass('the kernel has them')
      : warn(
          'the kernel has none',
          'Use tracepoints and user probes with bpftrace and perf, or strace for system calls.',
        ),
  BTF: ({ hasBTF }) =>
    hasBTF
      ? pass('the kernel exposes it in /sys/kernel/btf/vmlinux')
      : warn('the kernel exposes no BTF', 'bpftrace can not read structures of the kernel.'),
  'kernel lockdown': ({ lockdown }) =>
    lockdown === 'confidentiality'
      ? warn('confidentiality', "BPF and perf may not read the kernel's memory; strace and gdb work.")
      : pass(lockdown ?? 'none'),
};

/**
 * Checks a feature of a node.
 * @param report null when no agent of the node was asked, or none has answered: the result is unknown then.
 */
export function checkFeature(
  { metadata }: Node,
  report: NodeReport | null,
  check: FeatureCheck,
): CheckResult {
  if (report !== null) return check(report);
  return leaveOpen(
    'no agent on the node has reported it',
    `\`kubectl crashcart doctor node/${metadata.name} --start-agent\` asks an agent, and starts one if none runs.`,
  );
}
