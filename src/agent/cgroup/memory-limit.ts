import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandSetup, defaultScratchBytes } from '../../session-api/command-setup.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { AgentConfig } from '../agent-config.ts';
import { type CgroupHierarchy, findContainerDirectory, memoryLimitFiles } from './hierarchies.ts';

/** Kept for the agent itself, at least: its Node.js. */
const leastReserveBytes = 256 * 1024 * 1024;
/** Beside its files, for the programs of a session that was given room for files and no limit. */
const programBytes = 256 * 1024 * 1024;

/**
 * Decides how much memory all sessions of an agent may take together.
 * @param containerBytes limit of the agent's container.
 */
export function decideGroupLimit(containerBytes: number): number {
  // A quarter holds the outputs of hundreds of sessions. In a container that is small for an agent, both have their half.
  const reserve = Math.max(leastReserveBytes, Math.floor(containerBytes / 4));
  return containerBytes - Math.min(reserve, Math.floor(containerBytes / 2));
}

/** What a session may take, and of this its files. */
interface SessionRoom {
  memoryBytes: number;
  scratchBytes: number;
}

/**
 * Decides how much memory a session may take, and its files. They are in memory, and so count to both.
 * @param groupBytes what all sessions of the agent may take together; null: there is no limit.
 * @throws ProblemError `invalidRequest` for more than the agent has, or for files that can't have the memory.
 */
export function decideSessionRoom(
  { memoryBytes, scratchBytes }: Pick<CommandSetup, 'memoryBytes' | 'scratchBytes'>,
  { sessionMemoryBytes }: Pick<AgentConfig, 'sessionMemoryBytes'>,
  groupBytes: number | null,
): SessionRoom {
  const memory = memoryBytes ?? Math.max(sessionMemoryBytes, (scratchBytes ?? 0) + programBytes);
  const isAsked = memoryBytes !== null || scratchBytes !== null;
  if (isAsked && groupBytes !== null && memory > groupBytes)
    throw new ProblemError(
      'invalidRequest',
      `the session is to have ${formatMib(memory)} of memory, and all sessions of this agent together have ${formatMib(groupBytes)}, by the memory limit of its pod`,
      'Ask for less by --mem-limit or --scratch, or for an agent with more: --agent-resource limits.memory=8Gi.',
    );
  if (scratchBytes !== null && scratchBytes > memory)
    throw new ProblemError(
      'invalidRequest',
      `the session's files are to have ${formatMib(scratchBytes)}, and count to the session's memory of ${formatMib(memory)}`,
      'Raise --mem-limit, or leave it out.',
    );
  return { memoryBytes: memory, scratchBytes: scratchBytes ?? defaultScratchBytes };
}

function formatMib(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
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
