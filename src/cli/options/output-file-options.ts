import type { OutputKind } from '../../toolbox/recipes.ts';
import { createGroup } from '../command-line/option.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

const { defineOption, defineSwitch } = createGroup('Session:');
const page = createGroup('Other:');
const forceFlag = { flag: 'force', describe: 'replace the file if it exists' };

export const outputFileOptions = {
  outputFile: defineOption({
    flag: 'output-file',
    describe: "file for the command's stdout; kept only if the command ends with code 0",
    values: 'file',
  }),
  force: defineSwitch(forceFlag),
};

/** For a command that makes a page. */
export const pageFileOptions = {
  outputFile: page.defineOption({
    flag: 'output-file',
    describe: 'file for the page; with a name that ends in .html: as HTML, with pictures',
    values: 'file',
  }),
  force: page.defineSwitch(forceFlag),
};

/**
 * Keeps the output of a recipe in many targets from being printed when it is not lines.
 * @param command what stands after `--`.
 * @throws UsageError.
 */
export function requireFolder(folder: string | null, kind: OutputKind, command: string[] | null): void {
  if (command?.some((argument) => argument === '-h' || argument === '--help')) return;
  if (kind === 'terminal')
    throw new UsageError('its output is a screen: it is for a session with one target');
  const what = fileKinds[kind];
  if (what === undefined || folder !== null) return;
  throw new UsageError(`its output is ${what} of each target: use --output-dir FOLDER`);
}

const fileKinds: Partial<Record<OutputKind, string>> = {
  svg: 'an SVG',
  core: 'a core dump',
  hprof: 'a heap dump',
};

/** What of a session decides where its output goes. */
interface OutputChoice {
  outputFile: string | null;
  detach: boolean;
  tty: boolean | null;
  /** What stands after `--`. */
  command: string[] | null;
}

/**
 * Keeps a recipe's output from a terminal when it is not text.
 * @throws UsageError.
 */
export function requireFile(
  { outputFile, detach, tty, command }: OutputChoice,
  kind: OutputKind,
  { stdout }: Pick<Context, 'stdout'>,
): void {
  const what = fileKinds[kind];
  if (what === undefined || outputFile !== null || detach) return;
  // A terminal that is asked for would change line ends in it.
  if (!stdout.isTTY && !tty) return;
  if (command?.some((argument) => argument === '-h' || argument === '--help')) return;
  throw new UsageError(`its output is ${what}: redirect it, or use --output-file FILE`);
}
