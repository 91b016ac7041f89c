import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { explainNodeRefusal } from '../../../cluster/agent-pods/refusals/node-refusal.ts';
import { confirmPriority } from './confirm-priority.ts';

const explain = (reason: string) => explainNodeRefusal('node-1', { reason, message: '' }, false);

/** Presses keys at the question. @returns the PriorityClass that is to be tried, and what was shown. */
async function answer(
  keys: string,
  { reason = 'OutOfpods', isTTY = true, priorityClass = null as string | null } = {},
) {
  const stdin = Object.assign(new PassThrough(), { isTTY }) as unknown as ReadStream;
  const output = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  let shown = '';
  output.on('data', (chunk: Buffer) => {
    if (shown === '') setImmediate(() => (stdin as unknown as PassThrough).write(keys));
    shown += chunk.toString();
  });
  const context = { stdin, stderr: output as unknown as WriteStream };
  const { signal } = new AbortController();
  const chosen = await confirmPriority(explain(reason), priorityClass, context, signal).catch(
    (error: unknown) => error,
  );
  return { chosen, shown: stripVTControlCharacters(shown) };
}

describe('a node that admits critical agents alone', () => {
  test('gets one when the user says yes', async () => {
    const { chosen, shown } = await answer('y\r');
    expect(chosen).toBe('system-node-critical');
    expect(shown).toContain('The node "node-1" runs as many pods as its kubelet allows: OutOfpods');
    expect(shown).toContain('may end other pods');
  });

  test.each([
    ['at Enter', '\r', {}],
    ['without a terminal', 'y\r', { isTTY: false }],
    ['of which a class was chosen', 'y\r', { priorityClass: 'high' }],
    ['that is shutting down', 'y\r', { reason: 'NodeShutdown' }],
  ])('gets none %s', async (_when, keys, situation) => {
    const { chosen } = await answer(keys, situation);
    expect(chosen).toMatchObject({ code: 'agentFailed', name: 'NodeRefusalError' });
  });
});
