import { readFile } from 'node:fs/promises';

/** Tells a process from a later one with the same PID. */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  startTime: string;
}

const exitingFlag = 0x4; // PF_EXITING of include/linux/sched.h

interface ProcessStat {
  state: string;
  flags: number;
  startTime: string;
}

/** @returns null when there is no such process. */
export async function readProcessIdentity(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readProcessStat(pid);
  return stat === null ? null : { pid, startTime: stat.startTime };
}

/**
 * Whether the PID is still that process, and the process is not exiting. The first process of a PID namespace stays
 * visible, exiting, until all others of the namespace are reaped (zap_pid_ns_processes).
 */
export async function isProcessAlive(identity: ProcessIdentity): Promise<boolean> {
  const stat = await readProcessStat(identity.pid);
  return (
    stat !== null &&
    stat.startTime === identity.startTime &&
    stat.state !== 'Z' &&
    stat.state !== 'X' &&
    (stat.flags & exitingFlag) === 0
  );
}

/**
 * The PID as the process's own PID namespace sees it: the last of NSpid, proc_pid_status(5).
 * @returns null when there is no such process.
 */
export async function readInnermostPID(pid: number): Promise<number | null> {
  return (await readNamespacePIDs(pid)).at(-1) ?? null;
}

/** @returns the PIDs of a process in each PID namespace that it is in, the outermost first; none when it has ended. */
export async function readNamespacePIDs(pid: number): Promise<number[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const pids = /^NSpid:\s*(.*)$/m.exec(status)?.[1] ?? '';
  return pids.split(/\s+/).filter(Boolean).map(Number);
}

/** @returns the IDs of the children that the first thread of a process has; none when it has ended. */
export async function listChildren(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/**
 * Whether a process belongs to a container, by the container ID in its cgroup paths. Paths differ by
 * driver, runtime and cgroup namespace; the ID in them does not. conmon carries the same ID.
 */
export async function isProcessOfContainer(pid: number, containerID: string): Promise<boolean> {
  const cgroup = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return cgroup.split('\n').some((line) => line.includes(containerID) && !line.includes('crio-conmon-'));
}

async function readProcessStat(pid: number): Promise<ProcessStat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The command name, field 2, may hold spaces and parentheses: count from its last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, flags, startTime] = [fields[0], fields[6], fields[19]];
  if (state === undefined || flags === undefined || startTime === undefined) return null;
  return { state, flags: Number(flags), startTime };
}
