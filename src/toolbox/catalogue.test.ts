import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findToolCommand, listRecipes, listTools } from './catalogue.ts';
import { recipes } from './recipes.ts';
import { formatDocuments } from '../../docs/reference/tool-document.ts';

const checkout = join(import.meta.dirname, '../..');
const toolbox = join(checkout, 'images/toolbox');

describe('the catalogue', () => {
  test.each(Object.entries(formatDocuments()))(
    '%s is what `npm run docs` makes of it',
    async (path, text) => {
      expect(await readFile(join(checkout, path), 'utf8')).toBe(text);
    },
  );

  test('names a tool once', () => {
    const names = listTools().map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  test('has only packages that the image installs', async () => {
    const folder = join(toolbox, 'packages');
    const lists = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
    );
    const installed = lists
      .join('\n')
      .replaceAll(/#.*/g, '')
      .split(/[\s|]+/);
    const packages = listTools().flatMap(({ package: name }) =>
      name === null || name === 'PyPI' ? [] : [name],
    );
    expect(packages.filter((name) => !installed.includes(name))).toEqual([]);
  });

  test('has the commands that the toolbox brings, and no others', async () => {
    const commands = listTools().filter(({ package: name }) => name === null);
    expect(commands.map(({ name }) => name)).toEqual(
      (await readdir(join(toolbox, 'root/usr/local/bin'))).toSorted(),
    );
  });

  test('has the recipes that the toolbox brings, and no others', async () => {
    const scripts = recipes.filter(({ command }) => command[0] === 'recipe').map(({ command }) => command[1]);
    expect(scripts).toEqual(
      (await readdir(join(toolbox, 'root/usr/local/lib/crashcart/recipes'))).toSorted(),
    );
  });
});

describe('what --tool names', () => {
  test('is a recipe, with what follows', () => {
    expect(findToolCommand('flamegraph', ['-s', '5'], [])).toEqual(['recipe', 'flamegraph', '-s', '5']);
  });

  test('is the recipe of a tool’s name without arguments, and the tool itself with them', () => {
    expect(findToolCommand('strace', [], [])).toEqual(['strace-attach']);
    expect(findToolCommand('strace', ['-c', 'ls'], [])).toEqual(['strace', '-c', 'ls']);
  });

  test('is a tool, where no recipe has its name', () => {
    expect(findToolCommand('htop', [], [])).toEqual(['htop']);
  });

  test('is the user’s own recipe before all else, with what follows', () => {
    const mine = { name: 'strace', summary: 's', command: ['mine'], needs: [], output: 'text' as const };
    expect(findToolCommand('strace', ['-c'], [mine])).toEqual(['mine', '-c']);
    expect(listRecipes([mine]).filter(({ name }) => name === 'strace')).toEqual([mine]);
  });

  test('is nothing that the toolbox does not have by name', () => {
    expect(findToolCommand('no-such-tool', [], [])).toBeNull();
  });
});
