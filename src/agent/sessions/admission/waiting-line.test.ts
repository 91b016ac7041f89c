import { describe, expect, test } from '@jest/globals';
import type { SessionMemory } from '../../cgroup/session-group.ts';
import { WaitingLine } from './waiting-line.ts';

const mib = 1024 * 1024;
const times = { limitMs: 100, pollMs: 5, settleMs: 60 };
const { signal } = new AbortController();

describe('the line of sessions', () => {
  test('lets all in where they have no limit together', async () => {
    const line = new WaitingLine(() => Promise.resolve(null), times);
    await Promise.all(Array.from({ length: 100 }, () => line.enter(signal)));
  });

  test('counts those that were let in a moment ago, which may take nothing yet', async () => {
    const memory: SessionMemory = { usedBytes: 10 * mib, limitBytes: 90 * mib };
    const line = new WaitingLine(() => Promise.resolve(memory), { ...times, limitMs: 500, settleMs: 60_000 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => line.enter(signal)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill('fulfilled'),
      ...Array<string>(3).fill('rejected'),
    ]);
  });

  test('lets them in in the order in which they came, as soon as there is room', async () => {
    const memory: SessionMemory = { usedBytes: 99 * mib, limitBytes: 100 * mib };
    const line = new WaitingLine(() => Promise.resolve(memory), times);
    const entered: number[] = [];
    const waiting = [0, 1, 2].map((number) => line.enter(signal).then(() => entered.push(number)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(entered).toEqual([]);
    memory.usedBytes = 20 * mib;
    await Promise.all(waiting);
    expect(entered).toEqual([0, 1, 2]);
  });

  test('tells how much is taken when there is no room in time', async () => {
    const line = new WaitingLine(
      () => Promise.resolve({ usedBytes: 99 * mib, limitBytes: 100 * mib }),
      times,
    );
    await expect(line.enter(signal)).rejects.toMatchObject({
      code: 'capacity',
      message: expect.stringContaining('take 99 of the 100 MiB'),
    });
  });

  test('goes on when one of them leaves', async () => {
    const memory: SessionMemory = { usedBytes: 100 * mib, limitBytes: 100 * mib };
    const line = new WaitingLine(() => Promise.resolve(memory), times);
    const leaving = new AbortController();
    const first = line.enter(leaving.signal);
    const second = line.enter(signal);
    leaving.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    memory.usedBytes = 0;
    await second;
  });

  test('lets one in that is alone, whatever the limit', async () => {
    await new WaitingLine(() => Promise.resolve({ usedBytes: 0, limitBytes: mib }), times).enter(signal);
  });
});
