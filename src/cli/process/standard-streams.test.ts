import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '../main.ts');

/** Runs a line of a shell in which `crashcart` is the plugin. */
async function run(line: string): Promise<{ code: number | null; output: string }> {
  const shell = spawn('bash', ['-c', `crashcart() { "${process.execPath}" "${main}" "$@"; }; ${line}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KUBECONFIG: '/missing' },
  });
  const [stdout, stderr] = [text(shell.stdout), text(shell.stderr)];
  const [code] = (await once(shell, 'exit')) as [number | null];
  return { code, output: (await stdout) + (await stderr) };
}

const full =
  "error: stdout can't be written: ENOSPC: no space left on device, write\nWhat was written is incomplete.\n";

describe('an output', () => {
  test.each(['--version', 'version', 'tools', '--help', 'config view', 'manifests', 'completion bash'])(
    'that is full is told once: %s',
    async (words) => {
      expect(await run(`crashcart ${words} >/dev/full`)).toEqual({ code: 125, output: full });
    },
  );

  test.each(['--version', 'tools', 'manifests'])(
    'whose reader is gone ends the command like SIGPIPE: %s',
    async (words) => {
      const line = `(sleep 0.2; crashcart ${words}; echo "$?" >&2) | exec 0<&-`;
      expect(await run(`${line}; wait`)).toEqual({ code: 0, output: '141\n' });
    },
  );

  test('that takes no message of ours does not change the exit code', async () => {
    const refused = { code: 2, output: '' };
    expect(await run('crashcart --no-such-flag 2>/dev/full')).toEqual(refused);
    expect(await run('crashcart --no-such-flag 2>&-')).toEqual(refused);
    expect(await run('crashcart --no-such-flag >/dev/full 2>&1')).toEqual(refused);
  });

  test('that is closed drops what is written to it', async () => {
    expect(await run('crashcart tools >&-')).toEqual({ code: 0, output: '' });
  });
});
