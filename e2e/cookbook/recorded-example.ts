import { writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExampleRecord } from '../../docs/reference/cookbook/example-records.ts';
import type { ProblemName } from '../../docs/reference/cookbook/problems.ts';
import type { CommandResult } from '../harness/command-run.ts';
import { type CheckResult, type ToolChecks } from '../toolbox/tool-check.ts';
import { takeExcerpt } from './excerpt.ts';

/** The folder where runs of this process leave their records; without it they leave none. */
export const examplesVariable = 'CRASHCART_EXAMPLES';

/** Whether records are wanted: an example may then be run once more, as a user would. */
export const isRecording = process.env[examplesVariable] !== undefined;

export interface RecordOptions {
  /** What the excerpt has to hold. */
  shows?: RegExp | undefined;
  /** What the output is, where it is not what the terminal shows. */
  from?: string | undefined;
}

/**
 * Records a run as the example of a problem in docs/cookbook.md.
 * @param args what stands after `kubectl crashcart`.
 */
export async function recordExample(
  problem: ProblemName,
  args: string[],
  { code, stdout, stderr }: CommandResult,
  options: RecordOptions = {},
): Promise<void> {
  await writeRecord(
    problem,
    formatCommand(args),
    { output: `${stderr}${stdout.toString()}`, code: code ?? -1 },
    options,
  );
}

/**
 * Records those checks of a session that are examples, each as the command that runs the check alone.
 * @param target as it is typed, with its namespace and its container.
 */
export async function recordChecks(
  target: string[],
  checks: ToolChecks,
  results: Map<string, CheckResult>,
): Promise<void> {
  for (const [name, { script, shows, example }] of Object.entries(checks)) {
    const result = results.get(name);
    if (example === undefined || result === undefined) continue;
    const { problem, typed = script, from } = example;
    for (const one of [problem].flat())
      await writeRecord(one, formatCommand([...target, ...describeTool(typed)]), takeCode(result), {
        shows,
        from,
      });
  }
}

/** @returns the result of the command, where a check prints the command's exit code at its end. */
function takeCode({ output, code }: CheckResult): CheckResult {
  const [end, printed] = /^code (\d+)\s*$/m.exec(output) ?? [];
  return end === undefined ? { output, code } : { output: output.replace(end, ''), code: Number(printed) };
}

/**
 * @param script one command.
 * @returns the plugin's arguments that do the same: a recipe is run by --tool.
 * @throws when the script is more than one command.
 */
function describeTool(script: string): string[] {
  if (/[;&|\n<>$]/.test(script.replaceAll(/"[^"]*"|'[^']*'/g, '')))
    throw new Error(`an example is one command: ${script}`);
  const [program, recipe, ...rest] = script.split(' ');
  if (program?.startsWith('--')) return [script];
  return program === 'recipe'
    ? ['--tool', recipe ?? '', ...(rest.length > 0 ? ['--', ...rest] : [])]
    : ['--', script];
}

/** Drops what only tests need: a namespace of agents of their own, and silence. */
function formatCommand(args: string[]): string {
  const words = args.filter((word, index) => {
    const isOfAgents = word === '--agent-namespace' || args[index - 1] === '--agent-namespace';
    return !isOfAgents && word !== '-q';
  });
  return ['kubectl', 'crashcart', ...words].join(' ');
}

async function writeRecord(
  problem: ProblemName,
  command: string,
  { output, code }: CheckResult,
  { shows, from }: RecordOptions,
): Promise<void> {
  const folder = process.env[examplesVariable];
  if (folder === undefined) return;
  const record: ExampleRecord = {
    command: hideFolders(command),
    ...(from === undefined ? {} : { from }),
    output: hideFolders(takeExcerpt(output, shows ?? null)),
    code,
  };
  const own = new RegExp(`\\b${hostname()}\\b`);
  if (own.test(`${record.command}\n${record.output}`))
    throw new Error(`the example of ${problem} has the name of this machine`);
  await writeFile(join(folder, `${problem}.json`), JSON.stringify(record));
}

/** A file in a test's own folder is shown as one in the user's. */
function hideFolders(text: string): string {
  const folder = new RegExp(`${tmpdir()}/crashcart-[\\w-]+/`, 'g');
  return text.replaceAll(folder, '');
}
