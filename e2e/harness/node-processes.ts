import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getNodesShell, locateOnNodes } from '../cluster/nodes-machine.ts';

// Tests look at the nodes' processes from outside. The IDs are those on the machine that the nodes run on, which need
// not be this one: no test may use them with process.kill.

/** @returns the IDs of all processes of the machine that the nodes run on. */
export function listProcesses(): number[] {
  return readdirSync(locateOnNodes('/proc'))
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
    return readFileSync(locateOnNodes(`/proc/${pid}/${name}`), 'utf8');
  } catch {
    return '';
  }
}

/**
 * Sends a signal to a process of a node.
 * @throws when there is no such process.
 */
export function killNodeProcess(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
  const [file, ...args] = [...getNodesShell(), 'kill', '-s', signal.slice('SIG'.length), String(pid)];
  execFileSync(file ?? 'kill', args, { stdio: 'pipe' });
}

function readNamespaceLink(pid: number): string | null {
  try {
    return readlinkSync(locateOnNodes(`/proc/${pid}/ns/pid`));
  } catch {
    return null;
  }
}
