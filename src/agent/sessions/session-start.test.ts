import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import { createSpec } from '../../testing/fake-agent.ts';
import { FakeProcess } from '../../testing/fake-process.ts';
import { AuditLog } from './audit-log.ts';
import { SessionRegistry } from './session-registry.ts';
import { startLimitMs } from './session-start.ts';

/** A target that answers when the test says so. */
class HungTarget {
  readonly processes: FakeProcess[] = [];
  readonly #answered = Promise.withResolvers<void>();

  /** Reading its files, or the start of the command. */
  readonly hangs: 'reading' | 'starting';

  constructor(hangs: HungTarget['hangs']) {
    this.hangs = hangs;
  }

  answer(): void {
    this.#answered.resolve();
  }

  async prepare(spec: SessionSpec): Promise<FakeProcess> {
    const process = new FakeProcess(spec);
    this.processes.push(process);
    if (this.hangs === 'reading') await this.#answered.promise;
    else process.startGate = this.#answered.promise;
    return process;
  }
}

const spec = createSpec();
const readSpec = () => Promise.resolve(spec);
let target: HungTarget;
let registry: SessionRegistry;
let client: AbortController;
let id: string;

function open(hangs: HungTarget['hangs'], maxSessions = 1): void {
  target = new HungTarget(hangs);
  registry = new SessionRegistry({
    ...{ idleMs: null, onIdle: () => undefined, maxSessions, line: { enter: () => Promise.resolve() } },
    auditLog: new AuditLog(() => undefined),
    prepareProcess: (_id, requested) => target.prepare(requested),
  });
}

beforeEach(() => {
  jest.useFakeTimers();
  client = new AbortController();
  id = randomUUID();
});
afterEach(() => void jest.useRealTimers());

const start = (signal = client.signal) => registry.start(id, readSpec, signal);
/** Lets everything run that waits for nothing. */
const settle = () => jest.advanceTimersByTimeAsync(0);

describe.each(['reading', 'starting'] as const)('a start that hangs in %s', (hangs) => {
  beforeEach(() => open(hangs));

  async function expectNothingRuns(): Promise<void> {
    target.answer();
    await settle();
    expect(registry.list()).toEqual([]);
    const [process] = target.processes;
    expect(process).toMatchObject({ isReleased: true, isRunning: false });
  }

  test('fails within its limit, gives its place back, and never runs its command', async () => {
    const failed = expect(start()).rejects.toMatchObject({ code: 'targetNotResponding' });
    await expect(registry.start(randomUUID(), readSpec, client.signal)).rejects.toMatchObject({
      code: 'capacity',
    });
    await jest.advanceTimersByTimeAsync(startLimitMs);
    await failed;
    const other = registry.start(randomUUID(), readSpec, client.signal);
    other.catch(() => undefined);
    await settle();
    expect(target.processes).toHaveLength(2);
    client.abort();
    await expectNothingRuns();
  });

  test('is cancelled when its client is gone', async () => {
    const failed = expect(start()).rejects.toMatchObject({ code: 'conflict' });
    await settle();
    client.abort();
    await failed;
    await expectNothingRuns();
  });

  test('goes on while another client waits for it', async () => {
    const starts = [start(), start(new AbortController().signal)];
    await settle();
    client.abort();
    target.answer();
    const [first, second] = await Promise.all(starts);
    expect(second).toBe(first);
    expect(target.processes).toHaveLength(1);
  });

  test('is cancelled by a request to end the session', async () => {
    const failed = expect(start()).rejects.toMatchObject({ code: 'conflict' });
    await settle();
    const deleted = expect(registry.delete(id, 'its client ended it')).rejects.toMatchObject({
      code: 'notFound',
    });
    await failed;
    await expectNothingRuns();
    await deleted;
  });

  test('is cancelled when the agent ends', async () => {
    const failed = expect(start()).rejects.toMatchObject({ code: 'draining' });
    await settle();
    const closed = registry.close('the agent ends');
    await failed;
    await expectNothingRuns();
    await closed;
  });

  test('is begun once more by a client that comes back, after nothing is left of it', async () => {
    const first = expect(start()).rejects.toMatchObject({ code: 'conflict' });
    await settle();
    client.abort();
    await first;
    const second = start(new AbortController().signal);
    target.answer();
    await second;
    expect(target.processes.map(({ isRunning }) => isRunning)).toEqual([false, true]);
  });
});

test('a client that sends no body takes no place', async () => {
  open('reading');
  const pending = registry.start(id, () => new Promise(() => undefined), client.signal);
  pending.catch(() => undefined);
  target.answer();
  const session = await registry.start(randomUUID(), readSpec, new AbortController().signal);
  expect(session.state.state).toBe('running');
  client.abort();
});

test('places that were free before the body had come are not given twice', async () => {
  open('reading');
  target.answer();
  const ids = [randomUUID(), randomUUID()];
  const starts = ids.map((one) => registry.start(one, readSpec, client.signal));
  const results = await Promise.allSettled(starts);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});
