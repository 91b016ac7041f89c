import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { askAgent } from './harness/agent-request.ts';
import { runCrashcart, runKubectl } from './harness/command-run.ts';
import { startSession, type StartedSession } from './harness/started-session.ts';
import { getTargetPod } from './harness/target-snapshot.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const namespace = 'sessions-apart';
const agents = 'sessions-apart-agents';
const unprivilegedUser = 1000;
/** Of the first session's command: what marks its processes. */
const marker = 'sleep 4251';
const access = ['-n', namespace, '--agent-namespace', agents, '-q'];
const never = '/tmp/secret-of-the-first';

const sessionsSchema = z.array(z.object({ id: z.uuid(), holder: z.uuid().nullable(), state: z.string() }));

/** The first session, as root in the target `one`, and one of the unprivileged user in the target `other`. */
let first: StartedSession;
let second: StartedSession;

const describePod = (name: string, nodeName: string, in_: string, container: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: in_ },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 2,
    containers: [{ name: 'app', image: 'crashcart.test/musl:1', ...container }],
  },
});

/** Runs a script in a session of its own. @returns its stdout. */
async function runIn(pod: string, script: string, flags: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await runCrashcart([
    pod,
    ...access,
    ...flags,
    '--',
    'bash',
    '-c',
    `${script}\ntrue`,
  ]);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout.toString();
}

/** What to try with a process: all of it reads what is the process's alone. */
const attempts = [
  'head -c 1 /proc/$pid/environ | grep -q .',
  'ls /proc/$pid/root/',
  'readlink /proc/$pid/fd/0 | grep -q .',
  'ls /proc/$pid/cwd/',
];
const listMarked = `$(grep -l '425[1]' /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3)`;
const tryAll = `for pid in ${listMarked}; do
  echo tried
  ${attempts.map((attempt) => `{ ${attempt}; } >/dev/null 2>&1 && echo 'reached: ${attempt}'`).join('\n')}
done`;

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agents, privilegedLabels);
  const node = (await getTargetPod('targets', 'musl')).spec.nodeName;
  const user = { securityContext: { runAsUser: unprivilegedUser, runAsGroup: unprivilegedUser } };
  await createObjects([
    describePod('one', node, namespace),
    describePod('other', node, namespace, user),
    describePod('neighbour', node, agents),
  ]);
  await expectSuccess([
    'wait',
    '--for=condition=Ready',
    'pod/one',
    'pod/other',
    '-n',
    namespace,
    '--timeout=30s',
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/neighbour', '-n', agents, '--timeout=30s']);
  const wait = `echo secret >${never} 2>/dev/null; echo open; ${marker}; echo over`;
  first = await startSession(['one', ...access], wait);
  second = await startSession(['other', ...access, '--run-as', 'target'], wait);
}, 120_000);

afterAll(async () => {
  first.client.kill('SIGKILL');
  second.client.kill('SIGKILL');
  await deleteTestNamespace(namespace);
  await deleteTestNamespace(agents);
}, 120_000);

describe('a session', () => {
  test('in another target of the node sees neither the files nor the processes of the first', async () => {
    const script = `ls ${never} /run/crashcart/agent.sock /run/containerd/containerd.sock /proc/1/root/run/containerd 2>/dev/null
for pid in ${listMarked}; do tr '\\0' '\\n' </proc/$pid/environ | grep ^CRASHCART_POD=; done | sort -u`;
    expect(await runIn('other', script)).toBe('CRASHCART_POD=other\n');
  });

  test('of a user without privileges can’t read a session of root in the same target', async () => {
    const shown = await runIn('one', tryAll, ['--run-as', String(unprivilegedUser)]);
    expect(shown).toMatch(/^(tried\n)+$/);
  });

  test('of a user without privileges can’t open the terminal of another session', async () => {
    const shell = await UserTerminal.open(`kubectl crashcart one ${access.join(' ')}`);
    try {
      await shell.waitFor(/# $/);
      const script =
        'for terminal in /dev/pts/[0-9]*; do echo tried; { : <$terminal; } 2>/dev/null && echo read; { : >$terminal; } 2>/dev/null && echo written; done';
      expect(await runIn('one', script, ['--run-as', String(unprivilegedUser)])).toMatch(/^(tried\n)+$/);
    } finally {
      shell.press('exit\r');
      await shell.waitForExit();
    }
  });
});

describe('the target’s own processes', () => {
  test.each(['one', 'other'])('can’t read a session in %s, not even of their own user', async (pod) => {
    const { stdout } = await runKubectl(['exec', '-n', namespace, pod, '--', 'busybox', 'sh', '-c', tryAll]);
    expect(stdout.toString()).toMatch(/^(tried\n)+$/);
  });
});

const ask = (method: string, path: string, body?: string) => askAgent(agents, method, path, body);

describe('a client', () => {
  async function listRunning() {
    const { body } = await ask('GET', '/v1/sessions');
    return sessionsSchema
      .parse(JSON.parse(body))
      .filter(({ state, holder }) => state === 'running' && holder !== null);
  }

  test('that has seen the list of sessions can’t write or read in place of who holds one', async () => {
    const running = await listRunning();
    expect(running.length).toBeGreaterThanOrEqual(2);
    for (const { id, holder } of running) {
      const query = `client=${holder}&from=0`;
      const answers = await Promise.all([
        ask('PUT', `/v1/sessions/${id}/stdin?${query}`, 'typed'),
        ask('GET', `/v1/sessions/${id}/stdout?${query}`),
        ask('PUT', `/v1/sessions/${id}/acknowledgement?${query}`, '{"stdout":1}'),
        ask(
          'PUT',
          `/v1/sessions/${id}/holder`,
          JSON.stringify({
            client: holder,
            takeOver: false,
            audit: { claimedUser: null, reason: null, tunnelID: id },
          }),
        ),
        ask('DELETE', `/v1/sessions/${id}/holder`, JSON.stringify({ client: holder, keepSeconds: 60 })),
      ]);
      expect(answers.map(({ status, body }) => [status, JSON.parse(body) as unknown])).toEqual(
        answers.map(() => ['409', expect.objectContaining({ code: 'takenOver' })]),
      );
    }
    expect([first.client.exitCode, second.client.exitCode]).toEqual([null, null]);
  });

  test('that starts a session with the ID of another starts nothing', async () => {
    const [session] = await listRunning();
    const before = (await listRunning()).length;
    const { status } = await ask('PUT', `/v1/sessions/${session?.id}`, '{"command":["id"]}');
    expect(status).toMatch(/^(201|4\d\d)$/);
    expect(await listRunning()).toHaveLength(before);
  });
});

describe('a pod of somebody else in the namespace of agents', () => {
  test('reaches no agent: neither its socket, nor a port, nor by the cluster', async () => {
    const script =
      'ls /run/crashcart 2>/dev/null; ls /var/run/secrets/kubernetes.io/serviceaccount >/dev/null && echo token; ps | grep -c "[a]gent.cjs"';
    const { stdout } = await runKubectl([
      'exec',
      '-n',
      agents,
      'neighbour',
      '--',
      'busybox',
      'sh',
      '-c',
      script,
    ]);
    expect(stdout.toString()).toBe('token\n0\n');
    const account = `system:serviceaccount:${agents}:default`;
    for (const [verb, resource] of [
      ['create', 'pods/exec'],
      ['create', 'pods'],
      ['list', 'pods'],
      ['get', 'pods/log'],
    ] as const) {
      const { stdout: answer } = await runKubectl([
        'auth',
        'can-i',
        verb,
        resource,
        '-n',
        agents,
        '--as',
        account,
      ]);
      expect(answer.toString().trim()).toBe('no');
    }
    // The agent is in the node's network, as a session of the node is.
    const listening = await runCrashcart([
      `node/${(await getTargetPod(namespace, 'one')).spec.nodeName}`,
      ...access,
      '--',
      'ss',
      '-tulnpH',
    ]);
    expect(listening.stdout.toString()).not.toMatch(/"node"|agent/);
  });
});
