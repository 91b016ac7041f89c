import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import type { Flags } from '../command-line/command.ts';
import { commandTable } from '../commands/command-table.ts';
import { sessionCommand } from '../commands/open/session-command.ts';
import { describeIssues, findOptionFlag } from './option-issues.ts';

/** Options that no flag of their own gives. */
const notGiven = [
  // Arguments.
  ...['target', 'command', 'id', 'ids', 'what', 'file', 'components'],
  // Of an agent that is looked at, or kept.
  'agent.idleSeconds',
  // Decided by others.
  ...['terminal', 'agent.version', 'agent.sessionMemoryBytes', 'connection.requestTimeoutMs', 'flags'],
];

/** @returns the paths of all options that a schema has. */
function listOptions(schema: unknown, path: string[] = []): string[][] {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return listOptions(schema.unwrap(), path);
  if (schema instanceof z.ZodPipe) return listOptions(schema.in, path);
  if (!(schema instanceof z.ZodObject)) return [path];
  return Object.entries(schema.shape).flatMap(([name, value]) => listOptions(value, [...path, name]));
}

const commands = [
  ['TARGET', () => Promise.resolve(sessionCommand)] as const,
  ...[...commandTable].map(([name, { load }]) => [name, load] as const),
];

test.each(commands)('each option of %s is known by its flag', async (_name, load) => {
  const { schema, flags } = await load();
  const unknown = listOptions(schema).filter((path) => findOptionFlag(path, flags) === null);
  expect(unknown.map((path) => path.join('.')).filter((path) => !notGiven.includes(path))).toEqual([]);
});

test('options whose flags have other names have their own', () => {
  const { flags } = sessionCommand;
  const find = (path: string) => findOptionFlag(path.split('.'), flags);
  expect(
    ['agent.imagePullSecrets.1', 'agent.idleSeconds', 'agent.toolboxImage', 'dryRun.format'].map(find),
  ).toEqual(['image-pull-secret', 'agent-idle', 'toolbox', 'output']);
  expect(find('connection.insecureSkipTLSVerify')).toBe('insecure-skip-tls-verify');
  // A variable may be called as a flag is.
  expect(find('setup.variables.image')).toBe('env');
});

describe('what is wrong', () => {
  const flags: Flags = {
    output: { type: 'string', describe: '', group: '', values: ['json', 'yaml'] },
    reason: { type: 'string', describe: '', group: '' },
  };
  const schema = z.object({
    format: z.enum(['table', 'json', 'yaml']).default('table'),
    reason: z.string().min(1).default('any'),
    ids: z.array(z.string().regex(/^\d+$/, 'that is no ID')).default([]),
  });

  test.each([
    [{ format: 'xml' }, '--output: "xml" is none of json, yaml'],
    [{ format: 'YAML' }, '--output: "YAML" is none of json, yaml; did you mean "yaml"?'],
    [{ reason: '' }, '--reason: it is empty'],
    [{ ids: ['1', 'x'], reason: '' }, '--reason: it is empty; ID: that is no ID'],
  ])('in %j is told by the flag', (options, expected) => {
    const { error } = schema.safeParse(options, { reportInput: true });
    expect(error && describeIssues(error, flags)).toBe(expected);
  });
});
