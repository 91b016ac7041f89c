import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findToolCommand, listRecipes, listTools } from './catalogue.ts';
import { recipes } from './recipes.ts';
import { formatDocuments } from '../../docs/reference/tool-document.ts';

const checkout = join(import.meta.dirname, '../..');
const toolbox = join(checkout, 'images/toolbox');
const scripts = join(toolbox, 'root/usr/local/lib/crashcart/recipes');

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
    expect(recipes.map(({ command }) => command)).toEqual(
      (await readdir(scripts)).toSorted().map((name) => ['recipe', name]),
    );
  });

  test.each(recipes)('says of $name what the help of its script says that it takes', async (recipe) => {
    const script = await readFile(join(scripts, recipe.name), 'utf8');
    // What follows in the help is where its output goes.
    const [, usage] = /^(?:# )?Usage: recipe (.*?)(?: >FILE.*)?$/m.exec(script) ?? [];
    expect(usage).toBe(`${recipe.name} ${recipe.takes ?? ''}`.trimEnd());
  });
});

describe('what --tool names', () => {
  test('is a recipe, with what follows', () => {
    expect(findToolCommand('flamegraph', ['-s', '5'], [])).toEqual(['recipe', 'flamegraph', '-s', '5']);
  });

  test('is the recipe of a tool’s name rather than the tool, also with arguments', () => {
    expect(findToolCommand('strace', [], [])).toEqual(['recipe', 'strace']);
    expect(findToolCommand('strace', ['-c'], [])).toEqual(['recipe', 'strace', '-c']);
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
