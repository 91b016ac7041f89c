import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { acknowledgedShare, acknowledgementIntervalMs } from '../../../session-api/session-routes.ts';
import { OutputAcknowledger } from './output-acknowledger.ts';

const bufferBytes = 1024 * 1024;
const atOnceBytes = bufferBytes * acknowledgedShare;
type Offsets = { stdout?: number; stderr?: number };

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** @param answer is called for each acknowledgement, and answers it. */
function create(answer: (attempt: number) => Promise<void> = () => Promise.resolve()) {
  const sent: Offsets[] = [];
  const acknowledger = new OutputAcknowledger(bufferBytes, (offsets) => answer(sent.push(offsets)));
  return { acknowledger, sent };
}

/** Lets time pass, and what is waiting for answers run. */
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

describe('an acknowledgement', () => {
  test('is sent at once for a share of what the agent keeps', () => {
    const { acknowledger, sent } = create();
    acknowledger.delivered('stdout', atOnceBytes - 1);
    expect(sent).toEqual([]);
    acknowledger.delivered('stdout', atOnceBytes);
    expect(sent).toEqual([{ stdout: atOnceBytes }]);
  });

  test('of less is sent after an interval, and then no more', async () => {
    const { acknowledger, sent } = create();
    acknowledger.delivered('stdout', 10);
    await pass(acknowledgementIntervalMs - 1);
    expect(sent).toEqual([]);
    await pass(1);
    expect(sent).toEqual([{ stdout: 10 }]);
    await pass(acknowledgementIntervalMs * 10);
    expect(sent).toHaveLength(1);
  });

  test('has the offsets of both outputs', async () => {
    const { acknowledger, sent } = create();
    acknowledger.delivered('stdout', 10);
    acknowledger.delivered('stderr', 20);
    acknowledger.delivered('stdout', 30);
    await pass(acknowledgementIntervalMs);
    expect(sent).toEqual([{ stdout: 30, stderr: 20 }]);
  });

  test('waits for the answer to the one before', async () => {
    const first = Promise.withResolvers<void>();
    const { acknowledger, sent } = create((attempt) => (attempt === 1 ? first.promise : Promise.resolve()));
    acknowledger.delivered('stdout', atOnceBytes);
    acknowledger.delivered('stdout', atOnceBytes * 3);
    await pass(acknowledgementIntervalMs * 10);
    expect(sent).toEqual([{ stdout: atOnceBytes }]);
    first.resolve();
    await pass(0);
    expect(sent.slice(1)).toEqual([{ stdout: atOnceBytes * 3 }]);
  });

  test('that fails is sent again after an interval', async () => {
    const { acknowledger, sent } = create((attempt) =>
      attempt === 1 ? Promise.reject(new Error('the connection was lost')) : Promise.resolve(),
    );
    acknowledger.delivered('stdout', atOnceBytes);
    await pass(acknowledgementIntervalMs);
    expect(sent).toEqual([{ stdout: atOnceBytes }, { stdout: atOnceBytes }]);
    await pass(acknowledgementIntervalMs * 10);
    expect(sent).toHaveLength(2);
  });

  test('is not sent after the end, and not again if it failed', async () => {
    const { acknowledger, sent } = create(() => Promise.reject(new Error('the connection was lost')));
    acknowledger.delivered('stdout', atOnceBytes);
    acknowledger.delivered('stderr', 1);
    acknowledger.close();
    await pass(acknowledgementIntervalMs * 10);
    expect(sent).toHaveLength(1);
  });
});
