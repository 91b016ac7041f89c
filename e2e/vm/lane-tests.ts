import { globSync } from 'node:fs';
import { join } from 'node:path';

const e2e = join(import.meta.dirname, '..');

const machine = 'builds, installs or serves things on a Debian as root, and runs nothing on a node';
const twoNodes = 'needs two nodes';

/** Tests that the lane can't run, each with the reason. */
export const laneSkips: Record<string, string> = {
  'cluster/cluster.e2e.test.ts': 'is about the built-in cluster',
  'choose-a-target.e2e.test.ts': twoNodes,
  'complete-in-a-shell.e2e.test.ts': machine,
  'install-resident-agents.e2e.test.ts': twoNodes,
  'install-with-krew.e2e.test.ts': machine,
  'install-with-npm.e2e.test.ts': machine,
  'push-the-images.e2e.test.ts': machine,
  'read-each-language.e2e.test.ts': 'needs images that the disk of the machine has no room for',
  'release-the-plugin.e2e.test.ts': machine,
  'reuse-a-process-id.e2e.test.ts': 'plays the agent, on the machine that the nodes run on',
};

/** What of the tests is run with a machine as the node. */
export interface LaneTests {
  /** Paths from the checkout. */
  runnable: string[];
  skipped: { file: string; reason: string }[];
}

/** @param wanted parts of the files' paths; none: all e2e and fault tests. */
export function selectLaneTests(wanted: string[]): LaneTests {
  const files = globSync('**/*.{e2e,faults}.test.ts', { cwd: e2e })
    .toSorted()
    .filter((file) => wanted.length === 0 || wanted.some((part) => join('e2e', file).includes(part)));
  const findReason = (file: string) => laneSkips[file] ?? null;
  return {
    runnable: files.filter((file) => findReason(file) === null).map((file) => join('e2e', file)),
    skipped: files.flatMap((file) => {
      const reason = findReason(file);
      return reason === null ? [] : [{ file: join('e2e', file), reason }];
    }),
  };
}
