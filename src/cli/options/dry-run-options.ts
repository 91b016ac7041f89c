import * as z from 'zod';
import { createGroup, type OptionValues } from '../command-line/option.ts';
import type { OptionSources } from '../command-line/raw-arguments.ts';
import { UsageError } from '../errors.ts';

const modeSchema = z.enum(['client', 'server']);
const formatSchema = z.enum(['json', 'yaml']);
const group = 'Dry run:';

/**
 * Defines `--dry-run client|server`.
 * @param heading of the help.
 */
export function defineDryRun(heading: string, describe: string) {
  return createGroup(heading).defineOption({
    flag: 'dry-run',
    describe,
    schema: modeSchema,
    values: modeSchema.options,
  });
}

export const dryRunOptions = {
  mode: defineDryRun(
    group,
    'client: print the objects that would be created; server: after the cluster has checked them',
  ),
  format: createGroup(group).defineOption({
    flag: 'output',
    alias: 'o',
    describe: 'json or yaml, of a dry run',
    default: 'yaml',
    schema: formatSchema,
    values: formatSchema.options,
  }),
};

/** Objects are printed instead of created. */
export interface DryRun {
  mode: z.infer<typeof modeSchema>;
  format: z.infer<typeof formatSchema>;
}

/** @returns null: no dry run. */
export function describeDryRun({ mode, format }: OptionValues<typeof dryRunOptions>): DryRun | null {
  return mode === null ? null : { mode, format };
}

/** @throws UsageError for a format without a dry run. */
export function validateDryRun({ mode }: OptionValues<typeof dryRunOptions>, sources: OptionSources): void {
  if (mode === null && sources.get(dryRunOptions.format) === 'flag')
    throw new UsageError('--output is for --dry-run=client|server');
}
