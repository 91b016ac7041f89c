import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart } from './harness/command-run.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-recipes-'));
  await writeFile(
    join(directory, 'config.yaml'),
    [
      'recipes:',
      '  - name: whose',
      '    summary: name of the target’s process',
      `    command: [sh, -c, 'cat "/proc/$CRASHCART_TARGET_PID/comm"; echo "$@"', whose]`,
      '  - name: tcpdump',
      '    summary: no tcpdump at all',
      '    command: [echo, not, tcpdump]',
    ].join('\n'),
  );
  await writeFile(
    join(directory, 'broken.yaml'),
    'recipes:\n  - name: whose\n    summary: a\n    command: echo\n',
  );
});

afterAll(() => rm(directory, { recursive: true }));

async function run(tool: string, args: string[], file = 'config.yaml') {
  const env = { CRASHCART_CONFIG: join(directory, file) };
  const { code, stdout, stderr } = await runCrashcart(
    ['musl', '-n', 'targets', '--tool', tool, ...(args.length > 0 ? ['--', ...args] : [])],
    { env },
  );
  return { code, stdout: stdout.toString(), stderr };
}

describe('a recipe of one’s own', () => {
  test('runs on the target, with what follows --', async () => {
    expect(await run('whose', ['a b', '$(id)'])).toEqual({
      code: 0,
      stdout: 'server\na b $(id)\n',
      stderr: '',
    });
  });

  test('goes before what the toolbox has of its name', async () => {
    expect((await run('tcpdump', ['-D'])).stdout).toBe('not tcpdump -D\n');
  });

  test('with a mistake is told by line and column, and nothing is started', async () => {
    const { code, stderr } = await run('whose', [], 'broken.yaml');
    expect(code).toBe(125);
    expect(stderr).toMatch(/^error: .*broken\.yaml:4:14: recipes\.0\.command: /);
  });
});
