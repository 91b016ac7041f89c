import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HoldFile } from '../bridge/session-directory.ts';
import type { CaughtStart } from './caught-start.ts';

/** What the file of a hold says; the toolbox's command `thaw` has the same words, and a test compares them. */
export const holdStates = { held: 'held', wanted: 'thaw', over: 'running' } as const;

/** Where a session has it: enter-target.sh binds it there. */
export const holdPath = 'run/crashcart-hold';

/**
 * Joins a session to the hold of its target by a file that both see, as nothing else of the agent is in a session's
 * reach. The agent says by it whether the target is held; the command `thaw` asks by it to let the target go on.
 */
export function joinHold(caught: CaughtStart): HoldFile {
  return {
    create: async (directory, upper) => {
      const file = join(directory, 'hold');
      await mkdir(join(upper, 'run'), { recursive: true, mode: 0o755 });
      await Promise.all([
        // The mount point.
        writeFile(join(upper, holdPath), ''),
        writeFile(file, `${holdStates.held}\n`),
      ]);
      const watcher = watch(file, () => void thawIfWanted(file, caught));
      void caught.thawed.then((why) => tellThawed(file, watcher, why));
    },
  };
}

async function thawIfWanted(file: string, caught: CaughtStart): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.startsWith(holdStates.wanted)) await caught.thaw();
}

/** The session may be over, and the file with it. */
async function tellThawed(file: string, watcher: FSWatcher, why: string): Promise<void> {
  watcher.close();
  await writeFile(file, `${holdStates.over} ${why}\n`, { flag: 'r+' }).catch(() => undefined);
}
