import * as z from 'zod';

/** A CRI runtime that answers on a socket of the node. */
const runtimeReportSchema = z.object({
  /** As the node's root has it. */
  socket: z.string(),
  /** Such as containerd. */
  name: z.string(),
  version: z.string(),
  /** Of the CRI, such as v1. */
  criVersion: z.string(),
});
export type RuntimeReport = z.infer<typeof runtimeReportSchema>;

/** Answer of `GET /v1/node`. Numbers and words that the kernel does not have are null. */
export const nodeReportSchema = z.object({
  runtimes: z.array(runtimeReportSchema),
  cgroupVersion: z.union([z.literal(1), z.literal(2)]),
  /** kernel.yama.ptrace_scope; null without Yama. */
  ptraceScope: z.number().int().nullable(),
  /** kernel.perf_event_paranoid; null when the kernel has no perf events. */
  perfEventParanoid: z.number().int().nullable(),
  hasKernelProbes: z.boolean(),
  /** Whether the kernel tells its types (/sys/kernel/btf/vmlinux). */
  hasBTF: z.boolean(),
  /** null when the kernel has no lockdown. */
  lockdown: z.enum(['none', 'integrity', 'confidentiality']).nullable(),
});
export type NodeReport = z.infer<typeof nodeReportSchema>;
