import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type LeaseOptions, SessionLease } from './session-lease.ts';

const client = 'the client';
const opened: SessionLease[] = [];

afterEach(() => {
  for (const lease of opened.splice(0)) lease.close();
});

function open(options: Partial<LeaseOptions> = {}) {
  const onExpired = jest.fn<(seconds: number) => void>();
  const lease = new SessionLease({ client, graceSeconds: 60, keepSeconds: null, onExpired, ...options });
  opened.push(lease);
  lease.open();
  return { lease, onExpired };
}

function secondsLeft({ expiresAt }: SessionLease): number | null {
  return expiresAt === null ? null : Math.round((expiresAt.getTime() - Date.now()) / 1000);
}

describe('a session', () => {
  test('is kept as long as one of its holder’s requests is open, and a grace longer', () => {
    const { lease } = open();
    expect([lease.holder, secondsLeft(lease)]).toEqual([null, 60]);
    const releases = ['stdout', 'stderr'].map((kind) => lease.hold(client, kind, () => undefined));
    expect([lease.holder, secondsLeft(lease)]).toEqual([expect.any(String), null]);
    releases[0]?.();
    expect(secondsLeft(lease)).toBeNull();
    releases[1]?.();
    expect([lease.holder, secondsLeft(lease)]).toEqual([null, 60]);
  });

  test('does not tell others the ID that its holder is known by, but that there is another one', () => {
    const { lease } = open();
    lease.hold(client, 'stdout', () => undefined);
    const first = lease.holder ?? '';
    expect(first).not.toBe(client);
    expect(() => lease.check(first)).toThrow(expect.objectContaining({ code: 'takenOver' }));
    lease.take('another client', true);
    lease.hold('another client', 'stdout', () => undefined);
    expect([null, first, 'another client']).not.toContain(lease.holder);
  });

  test('that nobody comes back to expires', async () => {
    const { promise: expired, resolve } = Promise.withResolvers<number>();
    open({ graceSeconds: 0.05, onExpired: resolve });
    expect(await expired).toBe(0.05);
  });

  test('that was started detached is kept for longer, also after somebody was there', () => {
    const { lease } = open({ keepSeconds: 600 });
    expect(secondsLeft(lease)).toBe(600);
    lease.hold(client, 'stdout', () => undefined)();
    expect(secondsLeft(lease)).toBe(600);
    expect(lease.wasDetached).toBe(true);
  });

  test('that is detached ends the requests of its holder', () => {
    const { lease } = open();
    const cut = jest.fn();
    lease.hold(client, 'stdout', cut);
    lease.detach(client, 600);
    expect(cut).toHaveBeenCalledTimes(1);
    expect([lease.holder, secondsLeft(lease), lease.wasDetached]).toEqual([null, 600, true]);
  });

  test('that is detached is known as such, also where it is kept no longer than its grace', () => {
    const { lease } = open({ graceSeconds: 60 });
    expect(lease.wasDetached).toBe(false);
    lease.detach(client, 60);
    expect(lease.wasDetached).toBe(true);
    lease.take('another', true);
    expect(lease.wasDetached).toBe(true);
  });

  test('ends an older request of the same kind: its connection is lost', () => {
    const { lease } = open();
    const cut = jest.fn();
    const release = lease.hold(client, 'stdout', cut);
    lease.hold(client, 'stdout', () => undefined);
    expect(cut).toHaveBeenCalledTimes(1);
    release();
    expect(lease.holder).not.toBeNull();
  });

  test('that another client takes over is that one’s alone', () => {
    const { lease } = open();
    const cut = jest.fn();
    lease.hold(client, 'stdout', cut);
    expect(() => lease.take('another', false)).toThrow(expect.objectContaining({ code: 'takenOver' }));
    lease.take('another', true);
    expect(cut).toHaveBeenCalledTimes(1);
    for (const attempt of [
      () => lease.hold(client, 'stdout', () => undefined),
      () => lease.take(client, false),
      () => lease.detach(client, 60),
    ])
      expect(attempt).toThrow(expect.objectContaining({ code: 'takenOver' }));
  });

  test('that is over never expires', () => {
    const { lease } = open();
    lease.close();
    expect(lease.expiresAt).toBeNull();
    lease.hold(client, 'stdout', () => undefined)();
    expect(lease.expiresAt).toBeNull();
  });
});
