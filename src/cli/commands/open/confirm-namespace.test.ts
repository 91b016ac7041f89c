import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NamespaceMissingError } from '../../../cluster/agent-pods/agent-jobs.ts';
import { type PlayedApiServer, playApiServer } from '../../../cluster/testing/fake-api-server.ts';
import { confirmNamespace } from './confirm-namespace.ts';

const missing = new NamespaceMissingError('debug');
let server: PlayedApiServer;
beforeAll(async () => {
  server = await playApiServer(() => ({ metadata: { name: 'debug' } }));
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
});

/** Presses keys at the question. @returns what was shown. */
async function answer(keys: string, isTTY = true, signal = new AbortController().signal): Promise<string> {
  const stdin = Object.assign(new PassThrough(), { isTTY }) as unknown as ReadStream;
  const output = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  let shown = '';
  output.on('data', (chunk: Buffer) => {
    // Pressed once the question is there: what was typed before it is thrown away.
    if (shown === '') setImmediate(() => (stdin as unknown as PassThrough).write(keys));
    shown += chunk.toString();
  });
  const context = { stdin, stderr: output as unknown as WriteStream };
  await confirmNamespace(server.api, missing, { createNamespace: false }, context, signal);
  return stripVTControlCharacters(shown);
}

describe('a missing namespace', () => {
  test('is created when the user says yes', async () => {
    expect(await answer('y\r')).toContain(
      'The namespace "debug" for privileged agents does not exist. Create it?',
    );
    expect(server.requests).toEqual(['POST /api/v1/namespaces']);
  });

  test.each([
    ['no', 'n\r'],
    ['Enter', '\r'],
    ['Ctrl-D', '\x04'],
    ['Esc', '\x1b'],
  ])('stays missing at %s', async (_name, keys) => {
    await expect(answer(keys)).rejects.toBe(missing);
    expect(server.requests).toEqual([]);
  });

  test('ends the command at Ctrl-C', async () => {
    await expect(answer('\x03')).rejects.toMatchObject({ name: 'InterruptedError', exitCode: 130 });
    expect(server.requests).toEqual([]);
  });

  test('is not asked about without a terminal', async () => {
    await expect(answer('y\r', false)).rejects.toBe(missing);
    expect(server.requests).toEqual([]);
  });

  test('is no longer asked about when the command ends', async () => {
    const signal = AbortSignal.abort(new Error('ended by SIGTERM'));
    await expect(answer('', true, signal)).rejects.toThrow('ended by SIGTERM');
  });
});
