import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, runKubectl } from './harness/command-run.ts';
import { askDoctor } from './harness/doctor-findings.ts';
import { startSession } from './harness/started-session.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const namespace = 'tracing-target';
const tracing = { capabilities: { add: ['SYS_PTRACE'] } };

/** Each shape of a target that may try to take over a session. */
const shapes: Record<string, { spec?: object; securityContext?: object }> = {
  plain: {},
  'host-pid': { spec: { hostPID: true } },
  'user-namespace': { spec: { hostUsers: false }, securityContext: tracing },
  // Where AppArmor is, a confined target could not trace what is not confined.
  'sys-ptrace': { securityContext: { ...tracing, appArmorProfile: { type: 'Unconfined' } } },
  privileged: { securityContext: { privileged: true } },
};

beforeAll(async () => {
  await createTestNamespace(namespace, privilegedLabels);
  await createObjects(
    Object.entries(shapes).map(([name, { spec, securityContext }]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        terminationGracePeriodSeconds: 1,
        ...spec,
        containers: [{ name: 'app', image: 'crashcart.test/musl:1', securityContext }],
      },
    })),
  );
  await expectSuccess(['wait', '--for=condition=Ready', 'pod', '--all', '-n', namespace, '--timeout=60s']);
}, 120_000);
afterAll(() => deleteTestNamespace(namespace), 120_000);

/** What a session runs; in brackets, as the pattern must not find the command line that it stands in. */
const patterns = {
  init: 'session-ini[t]',
  command: '426[0]',
  agent: 'agent.cj[s]',
  shell: 'run-in-containe[r]',
};

/** What reading and writing another process needs is what tracing it needs: ptrace(2), access mode checking. */
const probe = (pattern: string) => `
  for file in $(grep -la '${pattern}' /proc/[0-9]*/cmdline); do
    process=$(dirname $file)
    { readlink $process/root && echo root of $file; } 2>/dev/null
    { head -c 1 $process/environ && echo environ of $file; } 2>/dev/null
    ( : <>$process/mem ) 2>/dev/null && echo mem of $file
    echo seen
  done`;

/** Tries, as root of the target, to read and write processes of the session. @returns what it may, in lines. */
async function traceFromTarget(pod: string, program: keyof typeof patterns): Promise<string[]> {
  const { stdout } = await runKubectl([
    'exec',
    '-n',
    namespace,
    pod,
    '--',
    'busybox',
    'sh',
    '-c',
    probe(patterns[program]),
  ]);
  const lines = stdout.toString().trim().split('\n');
  expect(lines).toContain('seen');
  return lines.filter((line) => line !== 'seen');
}

const open = (pod: string, script?: string) => startSession([pod, '-n', namespace, '-q'], script);

/**
 * A container of a runtime whose user namespaces root makes, in a session: enters it as container-shell does, and tries to
 * trace that from within the namespace. Not by files of /proc, which belong to a user that the namespace does not have.
 */
const traceInRootsNamespace = `
  unshare --user sleep 4264 & namespace=/proc/$!/ns/user
  until [ "$(readlink $namespace)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.05; done
  echo 0 100000 65536 >/proc/$!/uid_map; echo 0 100000 65536 >/proc/$!/gid_map
  enter="nsenter --user=$namespace -S 0 -G 0"
  $enter sleep 4265 & container=$!
  until grep -q sleep /proc/$container/comm; do sleep 0.05; done
  /usr/local/lib/crashcart/run-in-container $container sleep 4266 & ours=$!
  until [ -n "$(cat /proc/$ours/task/$ours/children)" ]; do sleep 0.05; done
  for process in $container $ours; do
    $enter timeout 1 strace -o /tmp/$process -p $process
    echo $?
  done 2>/dev/null`;

describe('a target', () => {
  test.each([
    ['without CAP_SYS_PTRACE', 'plain'],
    ['in the host’s PID namespace', 'host-pid'],
    ['with CAP_SYS_PTRACE in a user namespace of its own', 'user-namespace'],
  ])('%s can’t trace a session', async (_, pod) => {
    const { client, ended } = await open(pod, 'echo open; sleep 4260; :');
    expect(await traceFromTarget(pod, 'init')).toEqual([]);
    expect(await traceFromTarget(pod, 'command')).toEqual([]);
    if (pod === 'host-pid') expect(await traceFromTarget(pod, 'agent')).toEqual([]);
    client.kill('SIGTERM');
    await ended;
  });

  test.each(['plain', 'user-namespace'])('%s can’t trace what opens its own shell', async (pod) => {
    const { client, ended } = await open(pod, 'container-shell busybox sh -c "echo open; sleep 4261; :"');
    expect(await traceFromTarget(pod, 'shell')).toEqual([]);
    client.kill('SIGTERM');
    await ended;
  });

  test('can’t trace what opens its own shell either where root has made its user namespace', async () => {
    const args = ['plain', '-n', namespace, '-i', '--', 'timeout', '20', 'bash', '-s'];
    const { code, stdout } = await runCrashcart(args, { input: traceInRootsNamespace });
    // 124: the second was over, so it was attached; to its own process it may.
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '124\n1\n' });
  });

  test.each(['sys-ptrace', 'privileged'])('%s can, which the session’s shell and doctor say', async (pod) => {
    const { client, ended } = await open(pod, 'echo open; sleep 4262; :');
    expect(await traceFromTarget(pod, 'init')).not.toEqual([]);
    client.kill('SIGTERM');
    await ended;
    const { findings } = await askDoctor([pod, '-n', namespace]);
    expect(findings['target capabilities']).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('has CAP_SYS_PTRACE: its root can take over a session'),
    });
  });

  test.each([
    ['sys-ptrace', true],
    ['plain', false],
  ])('%s: the greeting warns: %s', async (pod, isWarned) => {
    const terminal = await UserTerminal.open(`kubectl crashcart ${pod} -n ${namespace}`);
    try {
      await terminal.waitFor(/# $/);
      expect(terminal.shown.includes('This container has CAP_SYS_PTRACE')).toBe(isWarned);
    } finally {
      await terminal.close();
    }
  });
});
