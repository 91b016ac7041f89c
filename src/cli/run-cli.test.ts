import { describe, expect, test } from '@jest/globals';
import { commandTable, plannedWords } from './commands/command-table.ts';
import type { Context } from './context.ts';
import { runCLI } from './run-cli.ts';
import { version } from './version.ts';

async function run(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const open = (name: 'stdout' | 'stderr') => ({
    on: () => undefined,
    write: (text: string) => (written[name] += text),
  });
  const context = { stdin: {}, stdout: open('stdout'), stderr: open('stderr'), env: {} };
  const code = await runCLI(line === '' ? [] : line.split(' '), context as unknown as Context);
  return { code, ...written };
}

describe('commands by name', () => {
  test.each(['version', '--version'])('%s prints the version', async (line) => {
    expect(await run(line)).toEqual({ code: 0, stdout: `kubectl-crashcart ${version}\n`, stderr: '' });
  });

  test('the help of the plugin lists all of them', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const [name, { summary }] of commandTable)
      expect(stdout).toContain(`  ${name.padEnd(12)}${summary}\n`);
    expect(await run('help')).toMatchObject({ code, stdout });
  });

  test.each([...commandTable.keys()])('%s has a help of its own', async (name) => {
    const { code, stdout } = await run(`${name} --help`);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`kubectl crashcart ${name}`),
    });
    expect(await run(`help ${name}`)).toMatchObject({ code, stdout });
  });

  test('one after a flag is refused: which flags there are depends on it', async () => {
    expect(await run('-n shop version')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: "version" is a command, and commands stand first; a pod of that name is given as pod/version\n' +
        'See `kubectl crashcart --help`.\n',
    });
  });

  test.each(plannedWords)('%s is kept for a command to come', async (word) => {
    expect(commandTable.has(word)).toBe(false);
    const { code, stderr } = await run(word);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`given as pod/${word}`),
    });
  });

  test('arguments that a command does not take are refused', async () => {
    expect(await run('version now')).toMatchObject({ code: 2, stdout: '' });
  });
});
