import * as z from 'zod';
import type { Flags, RawArguments } from '../command-line/command.ts';
import { UsageError } from '../errors.ts';

const modeSchema = z.enum(['client', 'server']);
const formatSchema = z.enum(['json', 'yaml']);
const group = 'Dry run:';

export const dryRunFlags: Flags = {
  'dry-run': {
    type: 'string',
    describe: 'client or server: print what would be made, with server after the cluster has had its say',
    group,
    values: modeSchema.options,
  },
  output: {
    type: 'string',
    alias: 'o',
    describe: 'json or yaml, of a dry run [yaml]',
    group,
    values: formatSchema.options,
  },
};

export const dryRunSchema = z.object({ mode: modeSchema, format: formatSchema });
export type DryRun = z.infer<typeof dryRunSchema>;

/** Fills in what was not given; null without a dry run. @throws UsageError. */
export function completeDryRun(flags: RawArguments['flags']): unknown {
  const { 'dry-run': mode, output } = flags;
  if (mode !== undefined) return { mode, format: output ?? 'yaml' };
  if (output !== undefined) throw new UsageError('--output is for --dry-run=client|server');
  return null;
}
