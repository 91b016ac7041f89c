import { listContainerProcesses, readCommandLine, readProcessFile } from '../harness/node-processes.ts';

/**
 * Reads the most memory that a process ever had resident, shared files such as its program included.
 * @returns MB; null when the process has ended.
 */
export function readPeakMemory(pid: number): number | null {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readProcessFile(pid, 'status'))?.[1];
  return kibibytes === undefined ? null : (Number(kibibytes) * 1024) / 1e6;
}

/**
 * Finds a process of a container.
 * @param program a part of its command line.
 * @throws when there is none.
 */
export function findContainerProcess(containerID: string, program: string): number {
  // The container's init is started with the program's command line too.
  const found = listContainerProcesses(containerID).findLast((pid) => readCommandLine(pid).includes(program));
  if (found === undefined) throw new Error(`no process ${program} in the container ${containerID}`);
  return found;
}
