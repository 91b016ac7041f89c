import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestNamespace, leaveTestNamespace, privilegedLabels } from './test-namespace.ts';

/** Where a test has what its sessions leave: a folder of this machine, and a namespace of their agents. */
export interface SessionFiles {
  directory: string;
  remove: () => Promise<void>;
}

/** @param agents the namespace, which is deleted and created again. */
export async function prepareSessionFiles(agents: string): Promise<SessionFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'crashcart-session-'));
  await createTestNamespace(agents, privilegedLabels);
  return {
    directory,
    remove: async () => {
      await rm(directory, { recursive: true });
      await leaveTestNamespace(agents);
    },
  };
}
