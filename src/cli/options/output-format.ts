import { dump } from 'js-yaml';
import * as z from 'zod';
import type { Flags } from '../command-line/command.ts';

export const outputFormatSchema = z.enum(['table', 'wide', 'json', 'yaml', 'name']);
export type OutputFormat = z.infer<typeof outputFormatSchema>;

export const outputFormatFlag: Flags = {
  output: {
    type: 'string',
    alias: 'o',
    describe: 'json, yaml, wide or name',
    group: 'Other:',
    values: ['json', 'yaml', 'wide', 'name'],
  },
};

/** For what is a report and no list of objects. */
export const reportFormatSchema = z.enum(['table', 'json', 'yaml']);
export const reportFormatFlag: Flags = {
  output: { type: 'string', alias: 'o', describe: 'json or yaml', group: 'Other:', values: ['json', 'yaml'] },
};

/** @returns a value as the format says that is no table. */
export function formatValue(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : dump(value, { noRefs: true });
}
