import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, startKubectl, waitUntil } from './harness/command-run.ts';
import { recordExample } from './cookbook/recorded-example.ts';
import { runInNode } from './harness/node-commands.ts';
import {
  killNodeProcess,
  listContainerProcesses,
  listProcesses,
  readCommandLine,
  readProcessFile,
} from './harness/node-processes.ts';
import { getTargetPod } from './harness/target-snapshot.ts';
import {
  createObjects,
  createTestNamespace,
  expectSuccess,
  leaveTestNamespace,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'catch-a-start';
/** One test kills its agent. */
const agents = 'catch-a-start-agents';
const there = ['-n', namespace];

/** Its first restart comes at once, and says so in its own /tmp before anything else. */
const script = 'echo > /tmp/started; while :; do sleep 1; done';

function describePod(name: string, spec: object = {}) {
  const container = { name: 'app', image: 'crashcart.test/musl:1', command: ['sh', '-c', script] };
  const all = { terminationGracePeriodSeconds: 1, containers: [container], ...spec };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec: all };
}

/** A client that waits for a start, and what it has written. */
interface Catching {
  client: ChildProcessWithoutNullStreams;
  output: { stdout: string; stderr: string };
  ended: Promise<number | null>;
}

async function startClient(...args: string[]): Promise<Catching> {
  const client = await startKubectl(['crashcart', ...there, ...args]);
  const output = { stdout: '', stderr: '' };
  client.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  client.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  client.stdin.end();
  const ended = once(client, 'close').then(([code]) => code as number | null);
  return { client, output, ended };
}

/** @returns the programs of agents that watch the cgroup of a pod. */
async function listCatchers(pod: string): Promise<number[]> {
  const uid = await expectSuccess(['get', 'pod', pod, ...there, '-o', 'jsonpath={.metadata.uid}']);
  return listProcesses().filter(
    (pid) => /catch-start/.test(readCommandLine(pid)) && readCommandLine(pid).includes(uid),
  );
}

async function waitForCatcher(pod: string): Promise<void> {
  await waitUntil(`the agent watches ${pod}`, async () => (await listCatchers(pod)).length === 1);
}

/** Has a client catch the next start of a pod's container, and the container start again. */
async function catchStart(pod: string, ...args: string[]): Promise<Catching> {
  const catching = await startClient(pod, '--catch', ...args);
  await waitForCatcher(pod);
  killNodeProcess(await findProgram(pod), 'SIGKILL');
  return catching;
}

async function findContainer(pod: string): Promise<string> {
  return (await getTargetPod(namespace, pod)).status.containerStatuses[0]?.containerID ?? '-';
}

/** @returns the first process of a pod's container: the program, and not what it has started. */
async function findProgram(pod: string): Promise<number> {
  const processes = listContainerProcesses(await findContainer(pod));
  return processes.find((pid) => readCommandLine(pid) === `sh -c ${script}`) ?? 0;
}

async function isRunning(pod: string): Promise<boolean> {
  return / [RS] /.test(readProcessFile(await findProgram(pod), 'stat'));
}

const traceCalls = ['--tool', 'strace', '--', '-e', 'trace=execve'];
const pods = ['traced', 'debugged', 'thawed', 'expired', 'left', 'orphaned', 'waiting', 'stalled'];
let catching: Record<string, Catching>;

/** The cgroup of a container that no runtime knows. */
const strangeID = 'c'.repeat(64);

/** Puts a process into a new cgroup of a pod that is named as a runtime's init, and executes no program for 60 s. */
async function startStandingInit(pod: string): Promise<void> {
  const [catcher = 0] = await listCatchers(pod);
  const [, folder = ''] = readCommandLine(catcher).split(' ');
  const cgroup = `${folder}/${strangeID}`;
  const stand = `sleep 60 & printf 'runc:[2:INIT]' >/proc/$$/comm; mkdir ${cgroup}; echo $$ >${cgroup}/cgroup.procs; wait`;
  const { nodeName } = (await getTargetPod(namespace, pod)).spec;
  await runInNode(nodeName, `setsid sh -c '${stand.replaceAll("'", `'"'"'`)}' >/dev/null 2>&1 &`);
}

async function catchStandingInit(pod: string): Promise<Catching> {
  const client = await startClient(pod, '--catch');
  await waitForCatcher(pod);
  await startStandingInit(pod);
  return client;
}

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agents, privilegedLabels);
  await createObjects([
    // One of them by another runtime.
    ...pods.map((name) => describePod(name, name === 'left' ? { runtimeClassName: 'crun' } : {})),
    describePod('completed', {
      restartPolicy: 'Never',
      containers: [{ name: 'app', image: 'crashcart.test/musl:1', command: ['true'] }],
    }),
  ]);
  const ready = pods.map((name) => `pod/${name}`);
  await expectSuccess(['wait', '--for=condition=Ready', ...ready, ...there, '--timeout=40s']);
  const held = 'cd /target/tmp && ls; cat /proc/$CRASHCART_TARGET_PID/comm';
  // One after the other would take as many starts of clients.
  const started = await Promise.all([
    catchStart('traced', ...traceCalls),
    catchStart('debugged', '--tool', 'gdb', '--', '-batch', '-ex', 'info auxv', '-ex', 'p/x $pc'),
    catchStart(
      'thawed',
      '--',
      'sh',
      '-c',
      `${held}; thaw; until [ -e started ]; do sleep 0.01; done; thaw; echo end`,
    ),
    catchStart(
      'expired',
      ...['--hold', '1s', '--', 'sh', '-c', 'until [ -e /target/tmp/started ]; do sleep 0.01; done; thaw'],
    ),
    catchStart('left', '--', 'sh', '-c', held),
    catchStart('orphaned', '--agent-namespace', agents, '--', 'sh', '-c', `${held}; sleep 600`),
    startClient('waiting', '--catch'),
    catchStandingInit('stalled'),
  ]);
  catching = Object.fromEntries(pods.map((pod, index) => [pod, started[index] as Catching]));
}, 90_000);

afterAll(async () => {
  for (const { client } of Object.values(catching)) client.kill('SIGTERM');
  await leaveTestNamespace(namespace);
  await leaveTestNamespace(agents);
}, 60_000);

const take = (pod: string): Catching => catching[pod] as Catching;

describe('--catch', () => {
  test('with strace shows the call that executes the program, and lets it go on', async () => {
    const { client, output, ended } = take('traced');
    await waitUntil('it is traced', () => Promise.resolve(output.stderr.includes('"sleep", "1"')));
    client.kill('SIGINT');
    const run = { code: await ended, stdout: Buffer.from(output.stdout), stderr: output.stderr };
    const args = ['traced', ...there, '--catch', ...traceCalls];
    await recordExample('crash-at-start', args, run, { shows: /execve.*/ });
    const calls = output.stderr.match(/execve\(.*/g) ?? [];
    expect(calls[0]).toContain('execve("/bin/sh", ["sh", "-c", "echo > /tmp/started;');
  });

  test('with gdb stands at the first instruction of the program', async () => {
    const { output, ended } = take('debugged');
    expect({ code: await ended, stderr: output.stderr }).toMatchObject({ code: 0 });
    const entry = /AT_ENTRY\s.*(0x[0-9a-f]+)$/m.exec(output.stdout)?.[1];
    expect(output.stdout).toMatch(new RegExp(`= ${entry}$`, 'm'));
    await waitUntil('it runs', () => isRunning('debugged'));
  });

  test('holds the program before it has done anything, until thaw', async () => {
    const { output, ended } = take('thawed');
    expect(await ended).toBe(0);
    expect(output.stdout).toBe('sh\nthe target runs already\nend\n');
    expect(output.stderr).toMatch(
      /^note: waiting at most 600 s for the next start: container "app" of pod "thawed" runs; it has to end first\n/,
    );
    expect(output.stderr).toContain(
      'note: container "app" of pod "thawed" is held at the start of its program',
    );
  });

  test('holds it for as long as --hold says, and tells so', async () => {
    const { output, ended } = take('expired');
    expect(await ended).toBe(0);
    expect(output.stdout).toBe('the target runs already: it was held for as long as --hold says\n');
    expect(await isRunning('expired')).toBe(true);
  });

  test('lets it go on when the session ends; with crun as with runc', async () => {
    const { output, ended } = take('left');
    expect(await ended).toBe(0);
    expect(output.stdout).toBe('sh\n');
    await waitUntil('it runs', () => isRunning('left'));
  });

  test('lets it go on when the agent is killed with all that is in its container', async () => {
    const { output } = take('orphaned');
    await waitUntil('it is held', () => Promise.resolve(output.stdout === 'sh\n'));
    expect(await isRunning('orphaned')).toBe(false);
    const path = 'jsonpath={.items[0].status.containerStatuses[0].containerID}';
    const agent = await expectSuccess(['get', 'pods', '-n', agents, '-o', path]);
    for (const pid of listContainerProcesses(agent)) {
      try {
        killNodeProcess(pid, 'SIGKILL');
      } catch {
        // With its first processes, others end.
      }
    }
    await waitUntil('it runs', () => isRunning('orphaned'), 5000);
  });

  test('leaves nothing when it is interrupted while it waits', async () => {
    const { client, output, ended } = take('waiting');
    await waitForCatcher('waiting');
    client.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(output.stderr).toMatch(/^note: waiting .*\n$/);
    await waitUntil('nobody watches', async () => (await listCatchers('waiting')).length === 0);
  });

  test('gives a start up that comes to no program, and lets its init go', async () => {
    const { output, ended } = take('stalled');
    expect(await ended).toBe(125);
    expect(output.stderr).toContain(
      "the start of the container can't be held: the runtime's init did not come to the program within 30 s",
    );
    const [init = 0] = listContainerProcesses(strangeID);
    expect(readProcessFile(init, 'status')).toMatch(/^State:\s+S.*\n[^]*^TracerPid:\s+0$/m);
    expect(await listCatchers('stalled')).toEqual([]);
  }, 60_000);

  test('has a limit, and does not wait for what won’t start', async () => {
    const limited = await runCrashcart(['waiting', ...there, '--catch', '--pod-running-timeout', '1s', '-q']);
    expect(limited).toMatchObject({ code: 125 });
    expect(limited.stderr).toMatch(
      /^error: container "app" did not start within 1 s: .* runs; it has to end first\n/,
    );
    const completed = await runCrashcart(['completed', ...there, '--catch']);
    expect(completed).toMatchObject({ code: 125, stderr: expect.stringContaining('has completed') });
    const node = await runCrashcart(['node/any', '--catch']);
    expect(node).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: --catch is for containers/),
    });
  });
});
