import { expect } from '@jest/globals';
import { runCrashcart, waitUntil } from './command-run.ts';
import { expectSuccess } from './test-namespace.ts';

/** A refusal is to be told within 5 s; the rest is for an API server that is slow. */
export const refusalLimitMs = 8000;

/** @returns how a command on node-1 ended whose agent has to be made in a namespace. */
export async function startAgentIn(namespace: string, ...flags: string[]) {
  const startedAt = performance.now();
  const where = ['musl', '-n', 'targets', '--agent-namespace', namespace];
  const { code, stdout, stderr } = await runCrashcart([...where, ...flags, '--', 'true']);
  expect(stdout.toString()).toBe('');
  return { code, error: stderr, ms: performance.now() - startedAt };
}

/** Expects that neither a Job nor a pod of an agent is left in a namespace. */
export async function expectNothingLeft(namespace: string): Promise<void> {
  expect(await expectSuccess(['get', 'jobs', '-n', namespace, '-o', 'name'])).toBe('');
  // Its garbage collector follows.
  const listPods = ['get', 'pods', '-n', namespace, '-o', 'name'];
  await waitUntil(`no pod in ${namespace}`, async () => (await expectSuccess(listPods)) === '');
}
