import * as z from 'zod';

/** A CRI runtime that answers on a socket of the node. */
const runtimeReportSchema = z.object({
  /** Path in the node's root file system. */
  socket: z.string(),
  /** For example containerd. */
  name: z.string(),
  version: z.string(),
  /** Version of the CRI, for example v1. */
  criVersion: z.string(),
});
export type RuntimeReport = z.infer<typeof runtimeReportSchema>;

/** Answer of `reportNode`. Values that the kernel does not have are null. */
export const nodeReportSchema = z.object({
  runtimes: z.array(runtimeReportSchema),
  cgroupVersion: z.union([z.literal(1), z.literal(2)]),
  /** Controllers that the agent can't limit its sessions by. Older agents do not send this. */
  missingLimits: z.array(z.enum(['memory', 'pids'])).default([]),
  /** kernel.yama.ptrace_scope; null without Yama. */
  ptraceScope: z.number().int().nullable(),
  /** kernel.perf_event_paranoid; null when the kernel has no perf events. */
  perfEventParanoid: z.number().int().nullable(),
  hasKernelProbes: z.boolean(),
  /** Whether the kernel exposes BTF (/sys/kernel/btf/vmlinux). */
  hasBTF: z.boolean(),
  /** null when the kernel has no lockdown. */
  lockdown: z.enum(['none', 'integrity', 'confidentiality']).nullable(),
});
export type NodeReport = z.infer<typeof nodeReportSchema>;
