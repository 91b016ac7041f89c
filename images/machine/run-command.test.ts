import { expect, test } from '@jest/globals';
import { runCommand } from './run-command.ts';

const run = (script: string, options = {}) => runCommand('sh', ['-c', script], options);

test('a command gives what it writes to stdout, byte for byte', async () => {
  expect(await run('echo one; echo two; echo note >&2')).toBe('one\ntwo\n');
});

test('a command reads its input, and may leave it unread', async () => {
  expect(await run('cat', { input: 'some text' })).toBe('some text');
  expect(await run('cat')).toBe('');
  expect(await run('echo done', { input: 'x'.repeat(1_000_000) })).toBe('done\n');
});

test('the error of a command that fails has its command line, exit code and stderr', async () => {
  const failed = runCommand('sh', ['-c', 'echo "no such node" >&2; exit 3']);
  await expect(failed).rejects.toThrow(/exit code 3: sh -c .*\n*.*no such node/s);
});

test('the error of a command that can not be started names it', async () => {
  await expect(runCommand('no-such-command', [])).rejects.toThrow(/ENOENT: no-such-command/);
});

test('a command that takes too long is killed', async () => {
  await expect(run('trap "" TERM; exec sleep 60', { timeoutMs: 200 })).rejects.toThrow(/timed out after 200/);
});

test('an environment that is given replaces that of this process', async () => {
  expect(await run('echo "$A-$HOME"', { env: { A: 'b', PATH: process.env['PATH'] } })).toBe('b-\n');
});
