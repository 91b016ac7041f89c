import { readdirSync, readFileSync } from 'node:fs';

/**
 * Reads the most memory that a process ever had resident, shared files such as its program included.
 * @returns MB; null when the process has ended.
 */
export function readPeakMemory(pid: number): number | null {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readProcessFile(pid, 'status'))?.[1];
  return kibibytes === undefined ? null : (Number(kibibytes) * 1024) / 1e6;
}

/**
 * Finds a process of a container; the nodes' processes are this machine's.
 * @param program a part of its command line.
 * @throws when there is none.
 */
export function findContainerProcess(containerID: string, program: string): number {
  const id = containerID.replace(/^.*:\/\//, '');
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readProcessFile(pid, 'cgroup').includes(id))
    // The container's init is started with the program's command line too.
    .findLast((pid) => readProcessFile(pid, 'cmdline').includes(program));
  if (found === undefined) throw new Error(`no process ${program} in the container ${id}`);
  return found;
}

/** @returns an empty text for a process that has ended. */
function readProcessFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
