import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandSetup } from '../../session-api/command-setup.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { AgentConfig } from '../agent-config.ts';
import { type CgroupHierarchy, findContainerDirectory, memoryLimitFiles } from './hierarchies.ts';

/** Kept for the agent itself, at least: its Node.js. */
const leastReserveBytes = 256 * 1024 * 1024;

/**
 * Decides how much memory all sessions of an agent may take together.
 * @param containerBytes limit of the agent's container.
 */
export function decideGroupLimit(containerBytes: number): number {
  // A quarter holds the outputs of hundreds of sessions. In a container that is small for an agent, both have their half.
  const reserve = Math.max(leastReserveBytes, Math.floor(containerBytes / 4));
  return containerBytes - Math.min(reserve, Math.floor(containerBytes / 2));
}

/**
 * Decides how much memory a session may take.
 * @throws ProblemError `invalidRequest` for more than the agent gives a session.
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
export async function readMemoryLimit(hierarchies: CgroupHierarchy[]): Promise<number | null> {
  for (const hierarchy of hierarchies) {
    const { version, controllers } = hierarchy;
    if (version === 1 && !controllers.includes('memory')) continue;
    const file = join(findContainerDirectory(hierarchy), memoryLimitFiles[version]);
    const text = (await readFile(file, 'utf8').catch(() => 'max')).trim();
    // v1 says "no limit" by the largest multiple of a page.
    if (/^\d+$/.test(text) && Number(text) < Number.MAX_SAFE_INTEGER) return Number(text);
  }
  return null;
}
