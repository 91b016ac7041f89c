import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandSetup } from '../../session-api/command-setup.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { AgentConfig } from '../agent-config.ts';
import { findContainerDirectory, findOwnHierarchies } from './hierarchies.ts';

/** Kept for the agent itself: its buffers and its Node.js. */
const reserveBytes = 256 * 1024 * 1024;

/**
 * Counts the sessions that may run at once. While their limits and a reserve for the agent fit the container's limit, a
 * session that uses its whole limit can't end the agent or another session.
 * @returns Infinity when the container has no limit.
 */
export async function countAdmittedSessions(sessionMemoryBytes: number): Promise<number> {
  const limit = await readMemoryLimit();
  return limit === null ? Infinity : Math.max(1, Math.floor((limit - reserveBytes) / sessionMemoryBytes));
}

/**
 * Decides how much memory a session may take.
 * @throws ProblemError `invalidRequest` for more than the limit that sessions are admitted by.
 */
export function decideMemoryLimit(
  { memoryBytes }: Pick<CommandSetup, 'memoryBytes'>,
  { sessionMemoryBytes }: Pick<AgentConfig, 'sessionMemoryBytes'>,
): number {
  if (memoryBytes === null) return sessionMemoryBytes;
  if (memoryBytes <= sessionMemoryBytes) return memoryBytes;
  throw new ProblemError(
    'invalidRequest',
    `the agent gives a session at most ${Math.floor(sessionMemoryBytes / 1024 / 1024)} MiB of memory`,
    'Ask for less by --mem-limit.',
  );
}

/** @returns the agent container's memory limit in bytes; null when there is none. */
async function readMemoryLimit(): Promise<number | null> {
  for (const hierarchy of await findOwnHierarchies()) {
    const { version, controllers } = hierarchy;
    if (version === 1 && !controllers.includes('memory')) continue;
    const file = join(
      findContainerDirectory(hierarchy),
      version === 2 ? 'memory.max' : 'memory.limit_in_bytes',
    );
    const text = (await readFile(file, 'utf8').catch(() => 'max')).trim();
    // v1 says "no limit" by the largest multiple of a page.
    if (/^\d+$/.test(text) && Number(text) < Number.MAX_SAFE_INTEGER) return Number(text);
  }
  return null;
}
