import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, startKubectl, waitForOutput, waitUntil } from '../harness/command-run.ts';
import { hungFileSystemProgram } from '../harness/hung-file-system.ts';
import {
  listContainerProcesses,
  listNamespaceProcesses,
  listProcesses,
  readCommandLine,
  readProcessFile,
} from '../harness/node-processes.ts';
import { startSession } from '../harness/started-session.ts';
import { getTargetPod } from '../harness/target-snapshot.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from '../harness/test-namespace.ts';

const namespace = 'end-sessions';
const agents = 'end-sessions-agents';
const own = ['-n', namespace, '-q', '--agent-namespace', agents];
const access = ['--agent-namespace', agents];
const orphanCount = 1500;

/** Its first process never reaps. */
const pod = 'lazy';

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agents, privilegedLabels);
  const container = { name: 'app', image: 'crashcart.test/musl:1', command: ['sleep', '100000'] };
  // AppArmor keeps a confined target from sending signals to a session, which is not confined.
  const securityContext = { appArmorProfile: { type: 'Unconfined' } };
  const spec = { terminationGracePeriodSeconds: 1, securityContext, containers: [container] };
  await createObjects([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, namespace }, spec }]);
  await expectSuccess(['wait', '--for=condition=Ready', `pod/${pod}`, '-n', namespace, '--timeout=30s']);
}, 120_000);

afterAll(async () => {
  await deleteTestNamespace(namespace);
  await deleteTestNamespace(agents);
}, 120_000);

/** @returns the names of the target's processes besides its own, zombies among them. */
async function listStrangers(): Promise<string[]> {
  const { status } = await getTargetPod(namespace, pod);
  const [first = 0] = listContainerProcesses(status.containerStatuses[0]?.containerID ?? '-');
  return listNamespaceProcesses(first)
    .filter((pid) => pid !== first)
    .map((pid) => readProcessFile(pid, 'stat').split(' ').slice(1, 3).join(' '));
}

/** @returns the ID of the only session that runs. */
async function findSession(): Promise<string> {
  const { stdout } = await runCrashcart(['sessions', ...access, '-o', 'json']);
  const { items } = JSON.parse(stdout.toString()) as { items: { id: string; state: string }[] };
  return items.find(({ state }) => state === 'running')?.id ?? '';
}

/** A program of Python: what it starts is not its child. */
const orphans = `
import os, time
for n in range(${orphanCount}):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(4260)
        os._exit(0)
    os.wait()
print("open", flush=True)
`;

describe('of a session that leaves 1,500 orphans in a target that never reaps', () => {
  test('nothing is left when it ends by itself', async () => {
    const { code, stdout } = await runCrashcart([pod, ...own, '--', 'python3', '-c', orphans]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'open\n' });
    expect(await listStrangers()).toEqual([]);
  });

  test('nothing is left when it is stopped, and its client is told by whom', async () => {
    const { ended } = await startSession([pod, ...own], `python3 -c '${orphans}'; sleep 4261`);
    const id = await findSession();
    const { code, stdout } = await runCrashcart(['stop', id, ...access]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `session ${id} stopped\n` });
    expect(await listStrangers()).toEqual([]);
    expect((await ended).stderr).toMatch(/: it was stopped by \S+\n/);
  });
});

describe('that a process was killed is told', () => {
  test('when it is one of a pipeline, for the memory limit: the exit code stays', async () => {
    const script = "tail /dev/zero | cat; echo 'went on'";
    const { code, stdout, stderr } = await runCrashcart([
      pod,
      ...own,
      '--mem-limit',
      '64Mi',
      '--',
      'sh',
      '-c',
      script,
    ]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'went on\n' });
    // The shell says itself that one was killed.
    expect(stderr).toMatch(
      /^(Killed\n)?warning: the session reached its memory limit of 64 MiB \(--mem-limit\): the kernel killed 1 of its processes\n$/,
    );
  });

  test('when it is the command, for the memory limit', async () => {
    const { code, stderr } = await runCrashcart([
      pod,
      ...own,
      '--mem-limit',
      '64Mi',
      '--',
      'tail',
      '/dev/zero',
    ]);
    expect(code).toBe(137);
    expect(stderr).toBe(
      'error: the session reached its memory limit of 64 MiB (--mem-limit): the kernel killed 1 of its processes\n',
    );
  });

  test('when it is the command, by the target', async () => {
    const { ended } = await startSession([pod, ...own], 'echo open; exec sleep 4262');
    await expectSuccess([
      'exec',
      pod,
      '-n',
      namespace,
      '--',
      'sh',
      '-c',
      'kill -9 $(pidof sleep | tr " " "\\n" | grep -v "^1$")',
    ]);
    expect(await ended).toMatchObject({
      code: 137,
      stderr:
        'warning: signal 9 (SIGKILL) ended the command: the signal came from the session itself, from the target or from the node\n',
    });
    expect(await listStrangers()).toEqual([]);
  });

  test('when it is session-init, by the target', async () => {
    const { ended } = await startSession([pod, ...own], 'echo open; exec sleep 4263');
    await expectSuccess(['exec', pod, '-n', namespace, '--', 'sh', '-c', 'kill -9 $(pidof session-init)']);
    expect(await ended).toMatchObject({
      code: 137,
      stderr: 'warning: the session was killed by the target, or by somebody on the node (exit code 137)\n',
    });
    expect(listProcesses().filter((pid) => readCommandLine(pid) === 'sleep 4263')).toEqual([]);
  });

  test('but not when its client has sent the signal', async () => {
    const { client, ended } = await startSession([pod, ...own], 'echo open; exec sleep 4264');
    client.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  });
});

test('what waits in the kernel is named, and is not said to be stopped', async () => {
  await expectSuccess(['exec', pod, '-n', namespace, '--', 'mkdir', '-p', '/hung']);
  const program = ['python3', '-c', hungFileSystemProgram, '/hung', 'taken', '1'];
  // Of another agent's, so that this one has one session.
  const daemon = await startKubectl(['crashcart', pod, '-n', namespace, '-q', '--', ...program]);
  try {
    expect(await waitForOutput(daemon)).toBe('mounted\n');
    const { ended } = await startSession([pod, ...own], 'echo open; stat /target/hung/x');
    const found = () => listProcesses().filter((pid) => readCommandLine(pid) === 'stat /target/hung/x');
    await waitUntil('it waits', () =>
      Promise.resolve(found().some((pid) => /fuse|request_wait/.test(readProcessFile(pid, 'wchan')))),
    );
    // In the PID namespaces from the machine's to the session's: the node's is among them.
    const [, pids = ''] = /^NSpid:\s*(.*)$/m.exec(readProcessFile(found()[0] ?? 0, 'status')) ?? [];
    const id = await findSession();
    const { code, stdout, stderr } = await runCrashcart(['stop', id, ...access]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
    const left =
      /some processes can't be ended, as they wait in the kernel: stat \(PID (\d+) on the node\)\n/;
    expect(stderr).toMatch(left);
    expect(stderr).toContain(`error: session ${id} was not stopped: `);
    expect(pids.split(/\s+/)).toContain(left.exec(stderr)?.[1]);
    expect((await ended).stderr).toMatch(/^warning: some processes can't be ended/);
  } finally {
    const gone = once(daemon, 'exit');
    daemon.kill('SIGINT');
    await gone;
  }
  await waitUntil('it is gone with the file system', () =>
    Promise.resolve(listProcesses().every((pid) => readCommandLine(pid) !== 'stat /target/hung/x')),
  );
});
