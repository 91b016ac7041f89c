import { describe, expect, test } from '@jest/globals';
import { describeEnd, type EndFacts } from './end-description.ts';

const none = { memoryKills: 0, isMemoryLimitReached: false, refusedForks: 0 };

function describeWith(changes: Partial<EndFacts>) {
  const exitCode = changes.exitCode ?? 0;
  return describeEnd({
    ...{ exitCode, command: { exitCode }, why: null, sentSignals: new Set<number>() },
    ...{ events: none, limits: { memoryBytes: 64 * 1024 * 1024, processes: 100 } },
    ...changes,
  });
}

describe('the end of a session', () => {
  test('whose command ended by itself has no more to say, whatever its exit code is', () => {
    for (const exitCode of [0, 1, 137])
      expect(describeWith({ exitCode })).toEqual({ reason: 'exited', message: null, warnings: [] });
  });

  const limited = { memoryKills: 2, isMemoryLimitReached: true, refusedForks: 0 };
  const reached =
    'the session reached its memory limit of 64 MiB (--mem-limit): the kernel killed 2 of its processes';

  test('whose command was killed for its memory limit has that as its reason', () => {
    expect(describeWith({ exitCode: 137, command: { signal: 9 }, events: limited })).toEqual({
      ...{ reason: 'memoryLimit', message: reached, warnings: [] },
    });
  });

  test('of which another process was killed warns of it', () => {
    expect(describeWith({ events: limited })).toMatchObject({
      ...{ reason: 'exited', warnings: [reached] },
    });
  });

  test('is not said to have reached a limit of its own when the node had no memory left', () => {
    const events = { ...limited, isMemoryLimitReached: false };
    expect(describeWith({ exitCode: 137, command: { signal: 9 }, events })).toMatchObject({
      reason: 'exited',
      warnings: [
        "the node, or all sessions of its agent together, had no memory left: the kernel killed 2 of the session's processes",
      ],
    });
  });

  test('warns of starts that were refused', () => {
    expect(describeWith({ events: { ...none, refusedForks: 1 } }).warnings).toEqual([
      'the session reached its limit of 100 processes and threads: 1 start was refused',
    ]);
  });

  test('keeps the reason for which the agent has ended it', () => {
    const why = { reason: 'deleted', message: 'it was stopped' } as const;
    expect(describeWith({ exitCode: 137, command: { signal: 9 }, why, events: limited })).toEqual({
      ...{ ...why, warnings: [reached] },
    });
  });

  test.each([
    [
      9,
      'signal 9 (SIGKILL) ended the command: the signal came from the session itself, from the target or from the node',
    ],
    [11, 'signal 11 (SIGSEGV) ended the command'],
  ])('tells of the signal %d that ended the command', (signal, warning) => {
    expect(describeWith({ exitCode: 128 + signal, command: { signal } }).warnings).toEqual([warning]);
  });

  test('tells of no signal that a client or the terminal has sent', () => {
    const sent = { exitCode: 128 + 15, command: { signal: 15 }, sentSignals: new Set([15]) };
    expect(describeWith(sent).warnings).toEqual([]);
    for (const signal of [1, 2, 3, 13])
      expect(describeWith({ exitCode: 128 + signal, command: { signal } }).warnings).toEqual([]);
  });

  test('whose init was killed after its command had got SIGHUP was killed from outside', () => {
    expect(describeWith({ exitCode: 137, command: { signal: 1 } }).warnings).toEqual([
      'the session was killed by the target, or by somebody on the node (exit code 137)',
    ]);
  });

  test('whose init says nothing of its command was killed from outside', () => {
    expect(describeWith({ exitCode: 137, command: null }).warnings).toEqual([
      'the session was killed by the target, or by somebody on the node (exit code 137)',
    ]);
  });
});
