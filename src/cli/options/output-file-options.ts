import * as z from 'zod';
import type { OutputKind } from '../../toolbox/recipes.ts';
import type { Flags, RawArguments } from '../command-line/command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

const group = 'Session:';

export const outputFileFlags: Flags = {
  'output-file': {
    type: 'string',
    describe: 'file for the stdout of the command; it is kept only when that ends with code 0',
    group,
    values: 'file',
  },
  force: { type: 'boolean', describe: 'replace the file if it is there', group },
};

export const outputFileSchema = z.object({ path: z.string().min(1), force: z.boolean() });

/** Fills in what was not given; null: stdout is ours. @throws UsageError. */
export function completeOutputFile(flags: RawArguments['flags']): unknown {
  const { 'output-file': path } = flags;
  const force = flags['force'] === true;
  if (path === undefined) {
    if (force) throw new UsageError('--force is for --output-file FILE');
    return null;
  }
  for (const name of ['tty', 'detach', 'follow']) {
    if (flags[name] === true) throw new UsageError(`--output-file and --${name} exclude each other`);
  }
  return { path, force };
}

const fileKinds: Partial<Record<OutputKind, string>> = { svg: 'an SVG', core: 'a core dump' };

/**
 * Keeps what is no text from a terminal.
 * @param kind of the recipe's output.
 * @throws UsageError.
 */
export function requireFile(
  { flags, rest }: RawArguments,
  kind: OutputKind,
  { stdout }: Pick<Context, 'stdout'>,
): void {
  const what = fileKinds[kind];
  if (what === undefined || flags['output-file'] !== undefined || flags['detach'] === true) return;
  // A terminal that is asked for would change line ends in it.
  if (!stdout.isTTY && flags['tty'] !== true) return;
  if (rest?.some((argument) => argument === '-h' || argument === '--help')) return;
  throw new UsageError(`what it writes is ${what}: give it a file by --output-file FILE`);
}
