import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeReport } from '../../session-api/node-report.ts';

const lockdownMode = /\[(none|integrity|confidentiality)\]/;

/**
 * Reads what a node's kernel has and allows. The files are the kernel's: nobody on the node but root can put others
 * in their places.
 * @param root the node's root.
 */
export async function readKernelFeatures(
  root: string,
): Promise<Omit<NodeReport, 'runtimes' | 'missingLimits'>> {
  const [isV2, ptraceScope, perfEventParanoid, hasKernelProbes, hasBTF, lockdown] = await Promise.all([
    // In the root of a hybrid or v1 hierarchy there is none: cgroups(7).
    isThere(join(root, 'sys/fs/cgroup/cgroup.controllers')),
    readNumber(join(root, 'proc/sys/kernel/yama/ptrace_scope')),
    // Its being there is how the kernel tells that it has perf events: perf_event_open(2).
    readNumber(join(root, 'proc/sys/kernel/perf_event_paranoid')),
    // tracefs tells it too, and is not mounted everywhere.
    isThere(join(root, 'sys/bus/event_source/devices/kprobe')),
    isThere(join(root, 'sys/kernel/btf/vmlinux')),
    // Such as `none [integrity] confidentiality`: kernel_lockdown(7).
    readText(join(root, 'sys/kernel/security/lockdown')),
  ]);
  const [, mode = null] = lockdownMode.exec(lockdown ?? '') ?? [];
  return {
    cgroupVersion: isV2 ? 2 : 1,
    ...{ ptraceScope, perfEventParanoid, hasKernelProbes, hasBTF },
    lockdown: mode as NodeReport['lockdown'],
  };
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function readNumber(path: string): Promise<number | null> {
  const text = (await readText(path))?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}

async function readText(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch(() => null);
}
