import { expect, test } from '@jest/globals';
import { describeOffset, measureClock } from './clock-offset.ts';

/** A machine whose clock is ahead, behind a line that takes its time on the way there and back. */
function play(aheadMs: number, delays: [thereMs: number, backMs: number][]) {
  let nowMs = 1_000_000;
  let turn = 0;
  const ask = () => {
    const [there, back] = delays[turn++ % delays.length] ?? [0, 0];
    const clockMs = nowMs + there + aheadMs;
    nowMs += there + back;
    return Promise.resolve(clockMs);
  };
  return measureClock(ask, () => nowMs);
}

test('the offset of a clock is the one that the fastest answer tells', async () => {
  const offset = await play(-250, [
    [80, 2],
    [3, 3],
    [40, 60],
  ]);
  expect(offset).toEqual({ offsetMs: -250, uncertaintyMs: 4 });
});

test('the offset is right to what is stated, however uneven the way is', async () => {
  const offset = await play(1000, [[20, 0]]);
  expect(Math.abs((offset?.offsetMs ?? NaN) - 1000)).toBeLessThanOrEqual(offset?.uncertaintyMs ?? 0);
});

test('a clock that is not told has no offset', async () => {
  expect(await measureClock(() => Promise.resolve(null))).toBeNull();
});

test('an offset within its uncertainty is not told as one', () => {
  expect(describeOffset({ offsetMs: 3, uncertaintyMs: 3.5 })).toBe("as this machine's (to 4 ms)");
  expect(describeOffset({ offsetMs: 120.4, uncertaintyMs: 3 })).toBe(
    "120 ms ahead of this machine's (to 3 ms)",
  );
  expect(describeOffset({ offsetMs: -120.4, uncertaintyMs: 3 })).toBe(
    "120 ms behind this machine's (to 3 ms)",
  );
});
