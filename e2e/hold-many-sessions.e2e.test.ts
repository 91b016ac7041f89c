import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { agentLabelSelector } from '../src/cluster/agent-pods/agent-spec.ts';
import { ApiClient } from '../src/cluster/api/api-client.ts';
import { listAgents } from '../src/cluster/agent-pods/find-agent.ts';
import { loadConnection } from '../src/cluster/api/api-connection.ts';
import { connectToAgent } from '../src/cluster/session/agent-connection.ts';
import { createSpec } from '../src/testing/fake-agent.ts';
import { getUserEnvironment, runCrashcart, waitUntil } from './harness/command-run.ts';
import { startSession } from './harness/started-session.ts';
import {
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

/** Of the agents. */
const namespace = 'many-sessions';
const node = 'node-1';
const target = [`node/${node}`, '--agent-namespace', namespace];
const mib = 1024 * 1024;

beforeAll(() => createTestNamespace(namespace, privilegedLabels), 60_000);

afterAll(() => leaveTestNamespace(namespace), 60_000);

async function findAgents(): Promise<string[]> {
  const list = [
    'get',
    'pods',
    '-n',
    namespace,
    '-l',
    agentLabelSelector,
    '--field-selector',
    'status.phase=Running',
  ];
  return (await expectSuccess([...list, '-o', 'jsonpath={.items[*].metadata.name}']))
    .split(' ')
    .filter(Boolean);
}

test('twenty at once on a node without an agent all run, whatever memory each may take', async () => {
  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, number) => {
      const limit = number % 2 === 0 ? [] : ['--mem-limit', '64Mi'];
      return runCrashcart([...target, ...limit, '--', 'sh', '-c', `sleep 3; echo ${number}`], {
        timeoutMs: 90_000,
      });
    }),
  );
  expect(runs.map(({ code, stdout, stderr }) => ({ code, text: stdout.toString(), stderr }))).toEqual(
    runs.map((_, number) => ({ code: 0, text: `${number}\n`, stderr: '' })),
  );
  expect(await findAgents()).toHaveLength(1);
}, 120_000);

test('two hundred run at once on a node, and a command beside them', async () => {
  const environment = await getUserEnvironment();
  const { KUBECONFIG: kubeconfig = '' } = environment;
  const flags = { kubeconfig, asGroup: [], asUserExtra: [], requestTimeoutMs: 0 };
  const connection = await loadConnection(flags, { environment, lendTerminal: null, stderr: process.stderr });
  const signal = AbortSignal.timeout(100_000);
  // Its first request gets the credentials.
  const [found] = await listAgents(new ApiClient(connection), namespace, signal);
  const pod = found?.metadata.name ?? '';
  const agent = connectToAgent(connection, { namespace, pod }, { mode: 'bulk' });
  const ids = Array.from({ length: 200 }, () => randomUUID());
  const spec = createSpec({
    ...{ target: { kind: 'node', node }, command: ['sh', '-c', 'echo here; sleep 300'], terminal: null },
    ...{ stdin: false, keepSeconds: 300 },
  });
  try {
    for (let first = 0; first < ids.length; first += 10) {
      const batch = ids.slice(first, first + 10);
      await Promise.all(batch.map((id) => agent.client.startSession(id, spec, signal)));
    }
    const states = await agent.client.listSessions(signal);
    expect(
      states.filter(({ id, state }) => ids.some((own) => own === id) && state === 'running'),
    ).toHaveLength(ids.length);
    expect(await runCrashcart([...target, '--', 'echo', 'beside'])).toMatchObject({ code: 0, stderr: '' });
    for (let first = 0; first < ids.length; first += 20)
      await Promise.all(
        ids.slice(first, first + 20).map((id) => agent.client.deleteSession(id, { user: null }, signal)),
      );
  } finally {
    agent.close();
  }
}, 180_000);

test('of sessions that take too much together, one is ended and told why, and the agent goes on', async () => {
  // All sessions of such an agent together may take half of it.
  const small = [...target, '--agent-resource', 'limits.memory=512Mi'];
  const hold = (bytes: number) =>
    `python3 -c 'x = b"x" * ${bytes}; print("held", flush=True); __import__("time").sleep(60)'`;
  const first = await startSession(small, hold(150 * mib));
  const other = await startSession(small, `echo open; ${hold(200 * mib)}`);
  const ended = await Promise.race([first.ended, other.ended]);
  expect(ended.code).toBe(137);
  expect(ended.stderr).toMatch(/all sessions of its agent together, had no memory left: the kernel killed/);
  const rest = await runCrashcart([...small, '--', 'echo', 'goes on']);
  expect(rest).toMatchObject({ code: 0 });
  first.client.kill();
  other.client.kill();
  await Promise.all([first.ended, other.ended]);
}, 90_000);

test('where there is no memory for one more, a session waits, with a word, and then runs or is refused', async () => {
  const small = [...target, '--agent-resource', 'limits.memory=512Mi'];
  const script = `python3 -c 'x = b"x" * ${242 * mib}; print("held", flush=True); __import__("time").sleep(60)'`;
  const full = await startSession(small, script);
  const refused = await runCrashcart([...small, '--timeout', '5s', '--', 'true']);
  expect(refused.code).toBe(125);
  expect(refused.stderr).toMatch(
    /^error: the sessions on this node take 2\d\d of the 256 MiB .* no room for one more/,
  );
  expect(refused.stderr).toContain('kubectl crashcart sessions');
  const waiting = runCrashcart(['-v', '6', ...small, '--', 'echo', 'in']);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  full.client.kill();
  const { code, stdout, stderr } = await waiting;
  expect({ code, text: stdout.toString() }).toEqual({ code: 0, text: 'in\n' });
  expect(stderr).toContain('it waits for memory, or for the target');
  await full.ended;
  await waitUntil('both agents are still there', async () => (await findAgents()).length === 2);
}, 90_000);
