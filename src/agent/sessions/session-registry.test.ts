import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProblemError } from '../../session-api/problem.ts';
import { maxOutputBufferBytes } from '../../session-api/session-spec.ts';
import { createSpec } from '../../testing/fake-agent.ts';
import { FakeProcess } from '../../testing/fake-process.ts';
import { leastBufferBytes, maxBufferBytes } from './admission/session-admission.ts';
import { AuditLog } from './audit-log.ts';
import { SessionRegistry } from './session-registry.ts';

const hourMs = 60 * 60 * 1000;
/** Of a client that stays. */
const connected = new AbortController().signal;
let processes: FakeProcess[] = [];

beforeEach(() => {
  processes = [];
  jest.useFakeTimers();
});
afterEach(() => void jest.useRealTimers());

/** @param idleMs null: it never ends by being idle. */
function createRegistry(
  idleMs: number | null,
  onIdle: () => void = () => undefined,
  line = { enter: () => Promise.resolve() },
): SessionRegistry {
  return new SessionRegistry({
    ...{ idleMs, onIdle, maxSessions: 100, line },
    auditLog: new AuditLog(() => undefined),
    prepareProcess: (_id, spec) => {
      const process = new FakeProcess(spec);
      processes.push(process);
      return Promise.resolve(process);
    },
  });
}

/** Starts a session and lets it end. */
async function runSession(registry: SessionRegistry, keepSeconds: number | null) {
  const id = randomUUID();
  const session = await registry.start(id, () => Promise.resolve(createSpec({ keepSeconds })), connected);
  const process = processes.at(-1) as FakeProcess;
  return {
    id,
    session,
    end: async () => {
      process.end();
      await session.ended;
    },
  };
}

describe('an agent', () => {
  test('that is idle ends after its time, once', () => {
    const onIdle = jest.fn();
    const registry = createRegistry(300, onIdle);
    jest.advanceTimersByTime(299);
    expect([registry.isDraining, onIdle.mock.calls.length]).toEqual([false, 0]);
    jest.advanceTimersByTime(hourMs);
    expect([registry.isDraining, onIdle.mock.calls.length]).toEqual([true, 1]);
  });

  test('without an idle time stays', () => {
    const registry = createRegistry(null);
    jest.advanceTimersByTime(365 * 24 * hourMs);
    expect(registry.isDraining).toBe(false);
  });

  test('is not idle while a session runs', async () => {
    const registry = createRegistry(300);
    const { end } = await runSession(registry, null);
    jest.advanceTimersByTime(301);
    expect(registry.isDraining).toBe(false);
    await end();
    jest.advanceTimersByTime(300);
    expect(registry.isDraining).toBe(true);
  });

  test('waits for a client that reads how a detached session has ended', async () => {
    const registry = createRegistry(300);
    const { session, end } = await runSession(registry, 60);
    await end();
    jest.advanceTimersByTime(301);
    expect(registry.isDraining).toBe(false);
    session.markEndTold();
    await session.endTold;
    jest.advanceTimersByTime(300);
    expect(registry.isDraining).toBe(true);
  });
});

test('an ended session is kept for ten minutes', async () => {
  const registry = createRegistry(null);
  const { id, end } = await runSession(registry, null);
  await end();
  jest.advanceTimersByTime(hourMs / 6 - 1);
  expect(registry.list()).toMatchObject([{ id, state: 'ended' }]);
  jest.advanceTimersByTime(1);
  expect(registry.list()).toEqual([]);
  await expect(registry.get(id)).rejects.toMatchObject({ code: 'notFound' });
});

test('hundreds of sessions with output do not take more memory than there is', async () => {
  const registry = createRegistry(null);
  const spec = createSpec({ outputBufferBytes: maxOutputBufferBytes });
  const count = 100;
  const sessions = await Promise.all(
    Array.from({ length: count }, () => registry.start(randomUUID(), () => Promise.resolve(spec), connected)),
  );
  for (const [index, process] of processes.entries()) {
    process.stdout.write('a byte');
    while (sessions[index]?.heldBytes === 0) await Promise.resolve();
  }
  const heldBytes = sessions.map((session) => session.heldBytes);
  expect(heldBytes[0]).toBe(maxOutputBufferBytes);
  expect(Math.min(...heldBytes)).toBe(leastBufferBytes);
  const sum = heldBytes.reduce((one, other) => one + other, 0);
  expect(sum).toBeLessThan(maxBufferBytes + count * leastBufferBytes);
});

test('a session waits in line before anything is prepared for it, and is refused as the line refuses', async () => {
  const full = new ProblemError('capacity', 'no room');
  const line = { enter: () => Promise.reject(full) };
  const registry = createRegistry(null, undefined, line);
  const start = registry.start(randomUUID(), () => Promise.resolve(createSpec()), connected);
  await expect(start).rejects.toBe(full);
  expect(processes).toEqual([]);
});

describe('a session that is ended', () => {
  test('before the request that starts it has come never starts', async () => {
    const registry = createRegistry(null);
    const id = randomUUID();
    await expect(registry.delete(id, 'no')).rejects.toMatchObject({ code: 'notFound' });
    const late = registry.start(id, () => Promise.resolve(createSpec()), connected);
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    expect(processes).toEqual([]);
    await registry.start(randomUUID(), () => Promise.resolve(createSpec()), connected);
    expect(processes).toHaveLength(1);
  });

  test('while it is being started does not start, nor when it is asked for again', async () => {
    const registry = createRegistry(null);
    const id = randomUUID();
    const spec = Promise.withResolvers<ReturnType<typeof createSpec>>();
    const starting = registry.start(id, () => spec.promise, connected);
    starting.catch(() => undefined);
    const ending = registry.delete(id, 'no');
    spec.resolve(createSpec());
    await expect(ending).rejects.toMatchObject({ code: 'notFound' });
    await expect(starting).rejects.toMatchObject({ code: 'conflict' });
    const again = registry.start(id, () => Promise.resolve(createSpec()), connected);
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
  });
});

test('a start that lost its client is made anew for the next request, and requests for its streams get that one', async () => {
  const registry = createRegistry(null);
  const id = randomUUID();
  const lost = new AbortController();
  const spec = Promise.withResolvers<ReturnType<typeof createSpec>>();
  const first = registry.start(id, () => spec.promise, lost.signal);
  lost.abort();
  await expect(first).rejects.toMatchObject({ code: 'conflict' });
  // Over another connection, all in one turn, before nothing is left of the first start.
  const again = registry.start(id, () => Promise.resolve(createSpec()), connected);
  const stream = registry.get(id);
  spec.resolve(createSpec());
  const session = await again;
  expect(await stream).toBe(session);
  expect(await registry.get(id)).toBe(session);
});

describe('an agent that a client retires', () => {
  test('ends at once when nobody uses it, and takes no more sessions', async () => {
    const onIdle = jest.fn();
    const registry = createRegistry(null, onIdle);
    expect([registry.retire(), registry.retire()]).toEqual([true, true]);
    expect(onIdle).toHaveBeenCalledTimes(1);
    const late = registry.start(randomUUID(), () => Promise.resolve(createSpec()), connected);
    await expect(late).rejects.toMatchObject({ code: 'draining' });
  });

  test('goes on while a session starts or runs, or has a result that nobody has read', async () => {
    const onIdle = jest.fn();
    const registry = createRegistry(null, onIdle);
    const spec = Promise.withResolvers<ReturnType<typeof createSpec>>();
    const starting = registry.start(randomUUID(), () => spec.promise, connected);
    expect(registry.retire()).toBe(false);
    spec.resolve(createSpec());
    await starting;
    expect(registry.retire()).toBe(false);
    await registry.delete((await starting).id, 'no');
    const { session, end } = await runSession(registry, 60);
    await end();
    expect(registry.retire()).toBe(false);
    session.markEndTold();
    await session.endTold;
    expect(registry.retire()).toBe(true);
    expect(onIdle).toHaveBeenCalledTimes(1);
  });
});
