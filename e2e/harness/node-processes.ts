import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

// The nodes' processes are this machine's too: tests look at them from outside.

/** @returns the IDs of all processes of this machine. */
export function listProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** @returns the arguments, joined by blanks; empty for kernel threads, zombies and what has ended. */
export function readCommandLine(pid: number): string {
  return readProcessFile(pid, 'cmdline').replaceAll('\0', ' ').trim();
}

/** @returns the processes of a container, the first one first. */
export function listContainerProcesses(containerID: string): number[] {
  const id = containerID.replace(/^.*:\/\//, '');
  return listProcesses().filter((pid) => readProcessFile(pid, 'cgroup').includes(id));
}

/** @returns the processes that are in the same PID namespace as one of them, it included. */
export function listNamespaceProcesses(pid: number): number[] {
  const namespace = readNamespaceLink(pid);
  return listProcesses().filter((other) => readNamespaceLink(other) === namespace);
}

/** Whether a program with that command line runs anywhere. */
export function isProgramRunning(commandLine: string): boolean {
  return listProcesses().some((pid) => readCommandLine(pid) === commandLine);
}

/** @returns a file of a process in /proc; empty for one that has ended. */
export function readProcessFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function readNamespaceLink(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}
