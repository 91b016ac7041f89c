import { readdirSync } from 'node:fs';
import { locateOnNodes } from '../cluster/nodes-machine.ts';
import { waitUntil } from '../harness/command-run.ts';
import { runOnNodes } from '../harness/node-commands.ts';
import { listProcesses, readCommandLine, readProcessFile } from '../harness/node-processes.ts';
import { expectSuccess } from '../harness/test-namespace.ts';

/** What of ours is on the nodes and in the API: nothing, when agents and sessions are over. */
export interface Leftovers {
  processes: string[];
  mounts: string[];
  cgroups: string[];
  loopDevices: string[];
  objects: string[];
}

/** What only agents and sessions have in their command lines. */
const ourProcess = /crashcart-(init|relay)|\/opt\/crashcart\//;

const selector = 'app.kubernetes.io/name=crashcart';

/** Scans the machine that the nodes run on, and the API server. */
async function scanLeftovers(): Promise<Leftovers> {
  const processes = listProcesses();
  const mounts = processes.flatMap((pid) =>
    readProcessFile(pid, 'mountinfo')
      .split('\n')
      .filter((line) => / - (tmpfs|overlay) crashcart /.test(line))
      .map((line) => `${pid} ${line}`),
  );
  const objects = await expectSuccess(['get', 'jobs.batch,pods', '-A', '-l', selector, '-o', 'name']);
  return {
    processes: processes.map(readCommandLine).filter((line) => ourProcess.test(line)),
    mounts,
    cgroups: listCgroups(locateOnNodes('/sys/fs/cgroup')).filter((path) =>
      /\/crashcart-[0-9a-f-]{36}$/.test(path),
    ),
    loopDevices: (await runOnNodes('losetup', '--list', '--noheadings')).split('\n').filter(Boolean),
    objects: objects.split('\n').filter(Boolean),
  };
}

/**
 * Waits until the agents of a namespace have ended by themselves, and a scan finds nothing.
 * @throws with what it finds, when it still does after the limit.
 */
export async function expectNoLeftovers(namespace: string, limitMs: number): Promise<void> {
  // Those that other tests have left warm are not meant.
  const others = ['-l', selector, '--field-selector', `metadata.namespace!=${namespace}`];
  await expectSuccess(['delete', 'jobs.batch', '-A', ...others]);
  let found: Leftovers | null = null;
  await waitUntil(
    'nothing is left',
    async () => {
      found = await scanLeftovers();
      return Object.values(found).flat().length === 0;
    },
    limitMs,
  ).catch(() => {
    throw new Error(`left: ${JSON.stringify(found, null, 2)}`);
  });
}

function listCgroups(directory: string): string[] {
  const children = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return children.flatMap(({ name }) => {
    const path = `${directory}/${name}`;
    try {
      return [path, ...listCgroups(path)];
    } catch {
      // Gone meanwhile.
      return [];
    }
  });
}
