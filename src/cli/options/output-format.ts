import { dump } from 'js-yaml';
import * as z from 'zod';
import { createGroup } from '../command-line/option.ts';

const { defineOption } = createGroup('Other:');

const outputFlag = { flag: 'output', alias: 'o', default: 'table' };

export const outputFormatOption = defineOption({
  ...outputFlag,
  describe: 'json, yaml, wide or name',
  schema: z.enum(['table', 'wide', 'json', 'yaml', 'name']),
  values: ['json', 'yaml', 'wide', 'name'],
});

/** For what is a report and not a list of objects. */
export const reportFormatOption = defineOption({
  ...outputFlag,
  describe: 'json or yaml',
  schema: z.enum(['table', 'json', 'yaml']),
  values: ['json', 'yaml'],
});

/** @returns a value as JSON or YAML. */
export function formatValue(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : dump(value, { noRefs: true });
}
