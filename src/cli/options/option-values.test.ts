import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { defineArguments } from '../command-line/argument.ts';
import { defineCommand, listCommandOptions } from '../command-line/command.ts';
import { createGroup } from '../command-line/option.ts';
import { commandTable } from '../commands/command-table.ts';
import { sessionCommand } from '../commands/open/session-command.ts';
import { isGiven } from './option-rules.ts';
import { readCommand, readOptions } from './option-values.ts';

const { defineOption, defineSwitch, defineList } = createGroup('Any:');
const format = defineOption({
  ...{ flag: 'output', describe: '', default: 'table' },
  schema: z.enum(['table', 'json', 'yaml']),
  values: ['json', 'yaml'],
});
const options = {
  format,
  reason: defineOption({ flag: 'reason', describe: '' }),
  nested: {
    image: defineOption({ flag: 'image', describe: '', setting: 'image' }),
    groups: defineList({ flag: 'as-group', describe: '' }),
    force: defineSwitch({ flag: 'force', describe: '' }),
  },
};
const command = defineCommand({
  ...{ name: 'any', usage: '', summary: '', examples: [] },
  options,
  arguments: {
    ids: defineArguments({ name: 'ID', schema: z.string().regex(/^\d+$/, 'not an ID'), isRequired: false }),
  },
  run: () => Promise.resolve(0),
});

const commands = [
  ['', () => Promise.resolve(sessionCommand)] as const,
  ...[...commandTable].map(([name, { load }]) => [name, load] as const),
];

describe.each(commands)('the command "%s"', (name, load) => {
  test('is called by its name', async () => {
    expect((await load()).name).toBe(name);
  });

  test('has each flag and each letter once', async () => {
    const names = listCommandOptions(await load()).flatMap(({ flag, alias = [] }) => [flag].concat(alias));
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });
});

describe('the value of an option', () => {
  test('is its default, or none', () => {
    const { values } = readOptions(options, { flags: {}, settings: new Map() });
    expect(values).toEqual({
      format: 'table',
      reason: null,
      nested: { image: null, groups: [], force: false },
    });
  });

  test('is that of its flag before that of its setting, and says which', () => {
    const settings = new Map([['image', { value: 'set', source: 'config', place: 'file: image' }]] as const);
    const { image } = options.nested;
    const set = readOptions(options, { flags: {}, settings });
    expect([set.values.nested.image, set.sources.get(image)]).toEqual(['set', 'config']);
    const given = readOptions(options, { flags: { image: 'given' }, settings });
    expect([given.values.nested.image, given.sources.get(image)]).toEqual(['given', 'flag']);
  });

  test('is not given by a switch that is off', () => {
    const { force } = options.nested;
    const read = (value: boolean) => readOptions(options, { flags: { force: value }, settings: new Map() });
    expect([true, false].map((value) => isGiven(force, read(value).sources))).toEqual([true, false]);
  });
});

describe('what is wrong', () => {
  test.each([
    [{ output: 'xml' }, [], '--output: "xml" is not one of json, yaml'],
    [{ output: 'YAML' }, [], '--output: "YAML" is not one of json, yaml; did you mean "yaml"?'],
    [{ reason: '' }, [], '--reason: it is empty'],
    [{ 'as-group': ['a', ''] }, [], '--as-group: it is empty'],
    [{ reason: '' }, ['1', 'x'], '--reason: it is empty; ID: not an ID'],
  ])('in %j and %j is told by its name', (flags, positional, expected) => {
    expect(() => readCommand(command, { flags, positional, rest: null })).toThrow(expected);
  });

  test('in a setting is told by where that is set', () => {
    const place = '/home/me/config.yaml: contexts.prod.image';
    const settings = new Map([['image', { value: '', source: 'context', place }]] as const);
    const raw = { flags: {}, positional: [], rest: null };
    expect(() => readCommand(command, raw, settings)).toThrow(`${place}: it is empty`);
  });
});

test('words that a command does not take are refused', () => {
  const raw = { flags: {}, positional: [], rest: ['ls'] };
  expect(() => readCommand(command, raw)).toThrow('"any" takes no command');
  const none = { ...command, arguments: {} };
  for (const words of [
    { ...raw, rest: [] },
    { ...raw, positional: ['x'], rest: null },
  ])
    expect(() => readCommand(none, words)).toThrow('"any" takes no arguments');
});
