import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { slowness } from '../limits/slowness.ts';
import { startKubectl, waitForOutput, waitUntil } from '../harness/command-run.ts';
import { hungFileSystemProgram, type HungKind, hungKinds } from '../harness/hung-file-system.ts';
import { listProcesses, readCommandLine } from '../harness/node-processes.ts';
import { startClient } from '../harness/started-session.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from '../harness/test-namespace.ts';

const namespace = 'hung-target';
/** Of the sessions in the target that hangs, and of the bystander's: one agent, with no other sessions. */
const agentNamespace = 'hung-target-agents';
/** As many sessions as an agent admits, but for the bystander's. */
const sessionCount = 6;
/** What a key press takes at the most, on a machine that is busy with the tests. */
const echoLimitMs = 1000 * slowness;
const open: ChildProcessWithoutNullStreams[] = [];

function describePod(name: string, node?: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      terminationGracePeriodSeconds: 1,
      ...(node === undefined ? {} : { nodeName: node }),
      containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
    },
  };
}

const waitForPods = (...pods: string[]) =>
  expectSuccess(['wait', '--for=condition=Ready', ...pods.map((pod) => `pod/${pod}`), '-n', namespace]);

let node: string;
let bystander: Bystander;

/** A session beside the ones that hang, on the same agent: it sends back what is typed. */
class Bystander {
  /** How long each answer took, in ms. */
  readonly answers: number[] = [];
  readonly #client: ChildProcessWithoutNullStreams;

  private constructor(client: ChildProcessWithoutNullStreams) {
    this.#client = client;
  }

  static async start(): Promise<Bystander> {
    const client = await startKubectl(['crashcart', 'bystander', ...own, '-i', '--', 'cat']);
    open.push(client);
    client.stdin.write('x');
    await waitForOutput(client);
    return new Bystander(client);
  }

  /** Types until the work is done. */
  async typeDuring<Result>(work: Promise<Result>): Promise<Result> {
    const done = work.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([done, delay(100, false)]))) {
      const startedAt = performance.now();
      const answered = once(this.#client.stdout, 'data', { signal: AbortSignal.timeout(30_000) });
      this.#client.stdin.write('x');
      await answered;
      this.answers.push(performance.now() - startedAt);
    }
    return await work;
  }
}

const own = ['-n', namespace, '-q', '--agent-namespace', agentNamespace];

/** Lets a folder of the target hang, by a session of another agent. @returns what ends that. */
async function hang(pod: string, folder: string, kind: HungKind): Promise<() => Promise<void>> {
  const program = ['python3', '-c', hungFileSystemProgram, folder, kind, '1'];
  const daemon = await startKubectl(['crashcart', pod, '-n', namespace, '-q', '--', ...program]);
  open.push(daemon);
  expect(await waitForOutput(daemon)).toBe('mounted\n');
  return async () => {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGINT');
    await ended;
  };
}

async function createTarget(pod: string): Promise<void> {
  await createObjects([describePod(pod, node)]);
  await waitForPods(pod);
}

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agentNamespace, privilegedLabels);
  await createObjects([describePod('bystander')]);
  await waitForPods('bystander');
  const path = 'jsonpath={.spec.nodeName}';
  node = await expectSuccess(['get', 'pod', 'bystander', '-n', namespace, '-o', path]);
  bystander = await Bystander.start();
}, 120_000);

afterEach(() => void bystander.answers.splice(0));

afterAll(async () => {
  for (const client of open) client.kill('SIGKILL');
  await deleteTestNamespace(namespace);
  await deleteTestNamespace(agentNamespace);
}, 120_000);

describe.each(hungKinds)('a target whose /etc hangs, each request to it %s', (kind) => {
  const pod = `etc-${kind}`;
  let end: () => Promise<void>;

  beforeAll(async () => {
    await createTarget(pod);
    end = await hang(pod, '/etc', kind);
  }, 60_000);

  const marker = `sleep 42${kind.length}7`;
  const findMarked = () => listProcesses().filter((pid) => readCommandLine(pid).includes(marker));

  test('runs nothing of the clients that are gone while it is waited for', async () => {
    const starting = Array.from({ length: sessionCount }, () => startClient([pod, ...own], marker));
    const sessions = await Promise.all(starting);
    // Their starts wait for the target's files.
    await bystander.typeDuring(delay(2000));
    for (const { client } of sessions) client.kill('SIGKILL');
    await Promise.all(sessions.map(({ ended }) => ended));
    await bystander.typeDuring(delay(3000));
    expect(findMarked()).toEqual([]);
    expect(Math.max(...bystander.answers)).toBeLessThan(echoLimitMs);
  }, 60_000);

  test('is entered without its name files, which is said, and keeps nobody else waiting', async () => {
    const starting = Array.from({ length: sessionCount }, () => startClient([pod, ...own], 'echo entered'));
    const ends = await bystander.typeDuring(
      Promise.all(starting.map((session) => session.then(({ ended }) => ended))),
    );
    const missing = (name: string) =>
      `warning: the session has no /etc/${name}: the target's did not answer within 3 s\n`;
    for (const { code, stdout, stderr } of ends) {
      expect({ code, stdout: stdout.toString(), stderr }).toEqual({
        ...{ code: 0, stdout: 'entered\n' },
        stderr: missing('resolv.conf') + missing('hosts'),
      });
    }
    expect(Math.max(...bystander.answers)).toBeLessThan(echoLimitMs);
  }, 60_000);

  test('can be no folder to start in, which is told in time', async () => {
    const { ended } = await startClient([pod, ...own, '--workdir', '/target/etc/x'], marker);
    const { code, stderr } = await bystander.typeDuring(ended);
    expect(code).toBe(125);
    expect(stderr).toContain('error: the target could not be entered within 20 s\n');
    expect(Math.max(...bystander.answers)).toBeLessThan(echoLimitMs);
  }, 90_000);

  test('has everything once it answers again, and still runs nothing of those', async () => {
    await end();
    await waitUntil('it is read again', async () => {
      const { ended } = await startClient([pod, ...own], 'echo entered');
      const { stdout, stderr } = await ended;
      expect(stdout.toString()).toBe('entered\n');
      return !stderr.includes('did not answer');
    });
    expect(findMarked()).toEqual([]);
  }, 60_000);
});

test('a target whose name files are huge is entered without them, which is said', async () => {
  await createTarget('huge');
  const write = 'for name in resolv.conf hosts; do yes 1.2.3.4 | head -c 100000000 >/etc/$name; done';
  await expectSuccess(['exec', '-n', namespace, 'huge', '--', 'busybox', 'sh', '-c', write]);
  const { ended } = await startClient(['huge', ...own], 'wc -c </etc/resolv.conf');
  const { code, stdout, stderr } = await ended;
  expect([code, stdout.toString()]).toEqual([0, '0\n']);
  const refused = (name: string) =>
    `warning: the session has no /etc/${name}: the target's can't be used (it is too long)\n`;
  expect(stderr).toBe(refused('resolv.conf') + refused('hosts'));
}, 60_000);
