import type { NodeReport } from '../../../session-api/node-report.ts';
import type { Node } from '../../api/kubernetes-objects.ts';
import { approve, type Verdict } from '../finding.ts';

/** Judges one thing of what an agent has said of its node. */
type Judge = (report: NodeReport) => Verdict;

/** What only an agent can see of its node, by check. None of it keeps a session from working. */
export const featureJudges: Record<string, Judge> = {
  'CRI socket': ({ runtimes }) => {
    const found = runtimes.map(
      ({ socket, name, version, criVersion }) => `${name} ${version} (CRI ${criVersion}) on ${socket}`,
    );
    if (found.length > 0) return approve(found.join('; '));
    return warn(
      'no runtime answers at any place known',
      'Targets are found by their cgroups, and a sandbox is not noticed: docs/distributions.md.',
    );
  },
  ptrace: ({ ptraceScope }) => {
    if (ptraceScope === null) return approve('allowed (the kernel has no Yama)');
    if (ptraceScope < 3)
      return approve(`allowed (kernel.yama.ptrace_scope ${ptraceScope} does not bind root)`);
    return warn(
      `kernel.yama.ptrace_scope is ${ptraceScope}: nobody may attach to a process`,
      'strace and gdb can’t; perf and bpftrace can. Only a restart of the node lowers it.',
    );
  },
  'perf events': ({ perfEventParanoid: level }) => {
    if (level !== null) return approve(`allowed (kernel.perf_event_paranoid ${level} does not bind root)`);
    return warn('the kernel has none', '`--tool stacks` and `--tool syscalls` do without.');
  },
  'kernel probes': ({ hasKernelProbes }) =>
    hasKernelProbes
      ? approve('there')
      : warn(
          'the kernel has none',
          'bpftrace and perf have tracepoints and user probes; strace shows system calls.',
        ),
  BTF: ({ hasBTF }) =>
    hasBTF
      ? approve('/sys/kernel/btf/vmlinux is there')
      : warn('the kernel does not tell its types', 'bpftrace can’t look into the kernel’s structures.'),
  'kernel lockdown': ({ lockdown }) =>
    lockdown === 'confidentiality'
      ? warn('confidentiality', 'BPF and perf may not read the kernel’s memory; strace and gdb work.')
      : approve(lockdown ?? 'none'),
};

/**
 * @param report null when no agent of the node was asked, or none has answered.
 * @returns the judge's verdict, or that it is not known.
 */
export function judgeFeature({ metadata }: Node, report: NodeReport | null, judge: Judge): Verdict {
  if (report !== null) return judge(report);
  return {
    state: 'unknown',
    found: 'no agent there has told',
    mend: `\`kubectl crashcart doctor node/${metadata.name} --start-agent\` asks one, and starts it if need be.`,
  };
}

function warn(found: string, mend: string): Verdict {
  return { state: 'warning', found, mend };
}
