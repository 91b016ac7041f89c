import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { listTools } from '../../toolbox/catalogue.ts';
import { recipes } from '../../toolbox/recipes.ts';
import type { Streams } from '../context.ts';
import { runCLI } from '../run-cli.ts';

async function run(...args: string[]): Promise<{ code: number; stdout: string }> {
  let stdout = '';
  const stream = { on: () => undefined, write: (text: string) => (stdout += text) };
  const context = {
    stdin: {},
    stdout: stream,
    stderr: { ...stream, write: () => true },
    env: { CRASHCART_CONFIG: '/no/such/file' },
  };
  const code = await runCLI(['tools', ...args], context as unknown as Streams);
  return { code, stdout };
}

describe('the list of tools', () => {
  test('has a line for each recipe and each tool', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    for (const { name, summary } of recipes)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    for (const { name } of listTools()) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test('is complete as JSON and as YAML', async () => {
    const expected = { recipes, tools: listTools() };
    expect(JSON.parse((await run('-o', 'json')).stdout)).toEqual(expected);
    expect(load((await run('-o', 'yaml')).stdout)).toEqual(expected);
  });

  test('is one name a line, each once, for other programs', async () => {
    const names = (await run('-o', 'name')).stdout.trimEnd().split('\n');
    expect(new Set(names)).toEqual(new Set([...recipes, ...listTools()].map(({ name }) => name)));
    expect(names.length).toBe(new Set(names).size);
  });

  test('is wide with what a recipe needs, and where a tool is from', async () => {
    const { stdout } = await run('-o', 'wide');
    expect(stdout).toMatch(/^NAME +GROUP +PACKAGE +OUTPUT +PURPOSE +NEEDS$/m);
    expect(stdout).toMatch(/^core +recipes +- +core +core dump .* ptrace$/m);
    expect(stdout).toMatch(/^tcpdump +\w+ +tcpdump +- +/m);
  });

  test('is of one name: how it is run, and what it takes then', async () => {
    const { code, stdout } = await run('strace');
    expect(code).toBe(0);
    expect(stdout).toContain(
      '\n  kubectl crashcart TARGET --tool strace -- [-p PID|NAME] [ARGUMENT OF STRACE…]\n',
    );
    expect(stdout).toContain('\n  kubectl crashcart TARGET -- strace [ARGS...]\n');
    expect(JSON.parse((await run('heap', '-o', 'json')).stdout)).toEqual({
      recipes: recipes.filter(({ name }) => name === 'heap'),
      tools: [],
    });
  });

  test('has no name that it does not know', async () => {
    expect(await run('stracee')).toEqual({ code: 125, stdout: '' });
  });

  test.each([[['-o', 'text']], [['tcpdump', 'strace']]])('refuses %j', async (args) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '' });
  });
});
