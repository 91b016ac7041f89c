import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findAgentProcess } from './harness/agent-process.ts';
import { killNodeProcess } from './harness/node-processes.ts';
import { type ApiServerProxy, startApiServerProxy } from './harness/api-server-proxy.ts';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import { SessionTracer } from './harness/session-traces.ts';
import { startClient, startSession } from './harness/started-session.ts';
import {
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const agents = 'lose-the-connection';
const graceSeconds = 3;
const target = [
  ...['musl', '-n', 'targets', '--agent-namespace', agents],
  ...['--grace', `${graceSeconds}s`],
];
const nothing = { processes: [], cgroups: [] };

beforeAll(() => createTestNamespace(agents, privilegedLabels), 60_000);

afterAll(() => leaveTestNamespace(agents), 60_000);

/** Starts a session that would last, and waits until its command runs. */
async function startLasting(flags: string[] = []) {
  const marker = randomUUID();
  const script = `: ${marker}; echo started; sleep 1000; echo over`;
  const session = await startSession([...target, ...flags], script);
  return { ...session, tracer: new SessionTracer(marker, session.client.pid) };
}

async function expectNothingLeft(tracer: SessionTracer): Promise<void> {
  await waitUntil('nothing is left of the session', () => {
    return Promise.resolve(Object.values(tracer.look()).flat().length === 0);
  });
}

describe('an agent that ends in mid-session', () => {
  test('as its Job is deleted ends the session, which is told at once and is no success', async () => {
    const { ended, tracer } = await startLasting();
    const deletedAt = performance.now();
    await expectSuccess(['delete', 'jobs', '--all', '-n', agents, '--wait=false']);
    const { code, stdout, stderr } = await ended;
    expect(performance.now() - deletedAt).toBeLessThan(5000);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: 'started\n' });
    expect(stderr).toMatch(
      /^error: the session was ended while its command was running: the agent on the node "node-\d" was told to end: its pod is deleted, or the node shuts down\n/,
    );
    await expectNothingLeft(tracer);
  });

  test('as its pod is deleted without grace, too', async () => {
    const { ended, tracer } = await startLasting();
    const deletedAt = performance.now();
    await expectSuccess(['delete', 'pods', '--all', '-n', agents, '--force', '--grace-period=0']);
    const { code, stdout } = await ended;
    expect(performance.now() - deletedAt).toBeLessThan(5000);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: 'started\n' });
    await expectNothingLeft(tracer);
  });

  test('as it is killed takes the session with it, which is told, and the next command starts another', async () => {
    const { ended, tracer } = await startLasting();
    const killedAt = performance.now();
    killNodeProcess(await findAgentProcess(agents), 'SIGKILL');
    const { code, stdout, stderr } = await ended;
    expect(performance.now() - killedAt).toBeLessThan(5000);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: 'started\n' });
    expect(stderr).toMatch(
      /^error: the agent in the namespace "lose-the-connection" has ended, and the session with it: pod "crashcart-[0-9a-f]{16}-\d-.{5}" ended: exit code 137 \(Error\)\n/,
    );
    await expectNothingLeft(tracer);
    const next = await runCrashcart([...target, '--', 'echo', 'again']);
    expect({ code: next.code, stdout: next.stdout.toString() }).toEqual({ code: 0, stdout: 'again\n' });
  });
});

describe('a connection that is cut', () => {
  let proxy: ApiServerProxy;

  beforeAll(async () => {
    proxy = await startApiServerProxy();
  });

  afterAll(() => proxy.close());

  test('while the command is silent is made anew, and its end is told', async () => {
    const { client, ended } = await startSession(
      [...target, '-i', ...proxy.flags],
      'echo started; read line; echo "$line"; exit 7',
    );
    proxy.cut();
    client.stdin.end('written while it was lost\n');
    expect(await ended).toMatchObject({ code: 7, stderr: '' });
  });

  test.each([
    ['output', []],
    ['compressed output', ['--compress']],
  ])('in the middle of its %s goes on at the byte where it was cut', async (_name, flags) => {
    const { client, ended } = await startClient([...target, ...proxy.flags, ...flags], 'seq 1000000');
    let received = 0;
    let cuts = 0;
    client.stdout.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received < (cuts + 1) * 1024 * 1024) return;
      cuts++;
      proxy.cut();
    });
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(cuts).toBeGreaterThan(3);
    const lines = stdout.toString().split('\n').slice(0, -1);
    expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(-1);
    expect(lines.length).toBe(1_000_000);
  });

  test('in the middle of its input passes every byte on, once', async () => {
    const input = randomBytes(8 * 1024 * 1024);
    const { client, ended } = await startClient([...target, '-i', ...proxy.flags], 'sha256sum');
    for (let offset = 0; offset < input.length; offset += 1024 * 1024) {
      if (!client.stdin.write(input.subarray(offset, offset + 1024 * 1024)))
        await once(client.stdin, 'drain');
      proxy.cut();
    }
    client.stdin.end();
    const { code, stdout } = await ended;
    expect({ code, hash: stdout.toString().slice(0, 64) }).toEqual({
      code: 0,
      hash: createHash('sha256').update(input).digest('hex'),
    });
  });

  test('for longer than the session is kept is told, is no success, and the agent ends the session', async () => {
    const away = await startApiServerProxy();
    const { ended, tracer } = await startLasting(away.flags);
    away.close();
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: 'started\n' });
    expect(stderr).toMatch(
      /^error: the connection to the agent was lost: .+; reconnecting failed for 3 s\nThe agent has ended/,
    );
    await expectNothingLeft(tracer);
  });
});

describe('a client that is ended', () => {
  test('by SIGTERM ends its session before itself', async () => {
    const { client, ended, tracer } = await startLasting();
    client.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 128 + 15, stderr: '' });
    expect(tracer.look()).toEqual(nothing);
  });

  test('by SIGKILL leaves a session that the agent ends', async () => {
    const { client, ended, tracer } = await startLasting();
    client.kill('SIGKILL');
    expect(await ended).toMatchObject({ signal: 'SIGKILL' });
    expect(tracer.look()).not.toEqual(nothing);
    await expectNothingLeft(tracer);
  });
});
