import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { locateOnNodes } from './cluster/nodes-machine.ts';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import {
  listContainerProcesses,
  listProcesses,
  readCommandLine,
  readProcessFile,
} from './harness/node-processes.ts';
import { startSession } from './harness/started-session.ts';
import {
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'warm-agents';
const flags = ['musl', '-n', 'targets', '-q', '--agent-namespace', namespace, '--agent-idle', '4s'];
const idleMs = 4000;
/** Of the first agent's container: each of its processes and cgroups has it in its path. */
let agentID: string;

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string() }),
      status: z.object({ phase: z.string().optional() }),
    }),
  ),
});

beforeAll(() => createTestNamespace(namespace, privilegedLabels), 60_000);
afterAll(() => leaveTestNamespace(namespace), 60_000);

async function list(resource: string): Promise<z.infer<typeof listSchema>['items']> {
  return listSchema.parse(JSON.parse(await expectSuccess(['get', resource, '-n', namespace, '-o', 'json'])))
    .items;
}

const run = () => runCrashcart([...flags, '--', 'true']);

describe('an agent', () => {
  test('is made once for clients that come at the same time, and used by who comes later', async () => {
    const results = await Promise.all([run(), run(), run()]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    const agents = await list('pods');
    expect(agents).toHaveLength(1);
    expect((await run()).code).toBe(0);
    expect(await list('pods')).toEqual(agents);
    const id = 'jsonpath={.items[0].status.containerStatuses[0].containerID}';
    agentID = (await expectSuccess(['get', 'pods', '-n', namespace, '-o', id])).replace(/^.*:\/\//, '');
    expect(listContainerProcesses(agentID).length).toBeGreaterThan(0);
  });

  test('stays while a session is open, however idle', async () => {
    const { client, ended } = await startSession(flags);
    const startedAt = performance.now();
    await waitUntil('twice its idle time is over', () =>
      Promise.resolve(performance.now() - startedAt > 2 * idleMs),
    );
    expect((await list('pods')).map(({ status }) => status.phase)).toEqual(['Running']);
    client.kill('SIGTERM');
    expect((await ended).code).toBe(143);
  });

  test('ends by itself when it has been idle, and leaves nothing on the node', async () => {
    await waitUntil(
      'it has ended',
      async () => (await list('pods'))[0]?.status.phase === 'Succeeded',
      15_000,
    );
    await waitUntil('its processes are gone', () =>
      Promise.resolve(listContainerProcesses(agentID).length === 0),
    );
    const kubelets = listProcesses().filter((pid) => readCommandLine(pid).startsWith('kubelet '));
    expect(kubelets.length).toBeGreaterThan(0);
    for (const pid of kubelets) expect(readProcessFile(pid, 'mountinfo')).not.toMatch(/ crashcart /);
  });

  test('that has ended is followed by another one', async () => {
    expect((await run()).code).toBe(0);
    const phases = (await list('pods')).map(({ status }) => status.phase);
    expect(phases.toSorted()).toEqual(['Running', 'Succeeded']);
  });

  test('is removed by the cluster, with its Job', async () => {
    await waitUntil('both are gone', async () => (await list('jobs')).length === 0, 60_000);
    expect(await list('pods')).toEqual([]);
  }, 80_000);

  test('leaves no cgroup, its sessions’ included', async () => {
    const cgroups = await readdir(locateOnNodes('/sys/fs/cgroup'), { recursive: true });
    expect(cgroups.filter((path) => path.includes(agentID))).toEqual([]);
  });
});
