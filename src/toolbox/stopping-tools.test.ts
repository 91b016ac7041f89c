import { expect, test } from '@jest/globals';
import { listRecipes, listTools } from './catalogue.ts';
import { attachesToProcess, stoppingTools, stopsTarget } from './stopping-tools.ts';

test('what stops a program is in the catalogue', () => {
  const known = [...listRecipes([]), ...listTools()].map(({ name }) => name);
  expect(stoppingTools.filter((name) => !known.includes(name))).toEqual([]);
});

test.each<[string | null, string[] | null, boolean]>([
  ['gdb', null, true],
  ['core', ['-p', '7'], true],
  ['top', null, false],
  [null, ['/usr/bin/strace', '-p', '1'], true],
  [null, ['recipe', 'stacks'], true],
  [null, ['ps', 'gdb'], false],
  [null, null, false],
])('whether a session stops the program is known by its tool or command: %j, %j', (tool, command, stops) => {
  expect(stopsTarget(tool, command)).toBe(stops);
});

test.each<[string[] | null, boolean]>([
  [['strace', '-f', '-p', '1'], true],
  [['/usr/bin/gdb', '--pid=1'], true],
  [['perf', 'record', '-p1'], true],
  [['gdb', '/target/bin/app', '/target/core'], false],
  [['strace', 'ls'], false],
  [['tar', '-p'], false],
  [null, false],
])('whether a command attaches to a process is known by its arguments: %j, %j', (command, attaches) => {
  expect(attachesToProcess(command)).toBe(attaches);
});
