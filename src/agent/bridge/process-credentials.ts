import { readFile } from 'node:fs/promises';

/** The user and groups that a process acts as. */
export interface ProcessCredentials {
  uid: number;
  gid: number;
  /** Supplementary groups. */
  groups: number[];
}

/**
 * Reads a process's effective IDs, as the agent's own user namespace has them (proc_pid_status(5)).
 * @returns null when there is no such process.
 */
export async function readCredentials(pid: number): Promise<ProcessCredentials | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return parseCredentials(status);
}

/** @param status text of a /proc/PID/status; the process names itself in it, and that can't look like another line. */
export function parseCredentials(status: string): ProcessCredentials | null {
  const read = (name: string) =>
    new RegExp(`^${name}:\\s*([\\d\\s]*)$`, 'm').exec(status)?.[1]?.split(/\s+/).filter(Boolean).map(Number);
  const [uid, gid, groups] = [read('Uid')?.[1], read('Gid')?.[1], read('Groups')];
  if (uid === undefined || gid === undefined || groups === undefined) return null;
  return { uid, gid, groups };
}
