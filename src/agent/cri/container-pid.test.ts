import { describe, expect, test } from '@jest/globals';
import { ProblemError } from '../../session-api/problem.ts';
import { parseContainerPID } from './container-pid.ts';
import type { ContainerState } from './runtime-service.ts';

const id = 'a'.repeat(64);
const answer = (info: unknown, state: ContainerState = 'CONTAINER_RUNNING') => ({
  status: { id, state },
  info: { info: JSON.stringify(info) },
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
  return 'none';
}

describe('a verbose ContainerStatus', () => {
  test.each([
    ['containerd', { sandboxID: 's', pid: 42, runtimeType: 'io.containerd.runc.v2', runtimeSpec: {} }],
    ['CRI-O', { sandboxID: 's', pid: 42, runtimeSpec: {}, privileged: false }],
    ['cri-dockerd', { sandboxID: 's', pid: 42 }],
  ])('of %s gives the PID', (_runtime, info) => {
    expect(parseContainerPID(answer(info))).toBe(42);
  });

  test.each(['io.containerd.kata.v2', 'io.containerd.runsc.v1', 'aws.firecracker'])(
    'with the runtime type %s is refused: its PID is the sandbox’s',
    (runtimeType) => {
      expect(codeOf(() => parseContainerPID(answer({ pid: 42, runtimeType })))).toBe('sandboxedRuntime');
    },
  );

  test('of a container that has ended is refused', () => {
    expect(codeOf(() => parseContainerPID(answer({ pid: 0 }, 'CONTAINER_EXITED')))).toBe('targetNotRunning');
  });

  test.each([
    ['no details', {}],
    ['details that are not JSON', { info: 'pid: 3' }],
    ['a PID of 0', { info: '{"pid":0}' }],
    ['a PID that is not a number', { info: '{"pid":"1"}' }],
  ])('with %s gives no PID', (_case, info: Record<string, string>) => {
    expect(parseContainerPID({ status: { id, state: 'CONTAINER_RUNNING' }, info })).toBeNull();
  });
});
