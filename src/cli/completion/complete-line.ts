import { escapeText } from '../../failure/escape-text.ts';
import { parseArguments } from '../command-line/adapter.ts';
import { type Command, listCommandOptions } from '../command-line/command.ts';
import { describeOption, type Option } from '../command-line/option.ts';
import type { Context } from '../context.ts';
import { decideSettings, type Settings } from '../options/settings.ts';
import { type Candidate, listCandidates } from './candidates.ts';
import { analyseLine, type CompletionLine } from './completion-request.ts';

/** cobra's ShellCompDirective: https://github.com/spf13/cobra/blob/main/completions.go */
const directives = { default: 0, noSpace: 2, noFiles: 4 };

/** The commands that a line can name. */
export interface CompletedCommands {
  summaries: ReadonlyMap<string, { summary: string }>;
  /** Finds the command of a line, and what is left of the line for it. */
  choose: (args: string[]) => Promise<{ command: Command; args: string[] }>;
}

/** What a word can be, and what the shell is to do with that. */
interface Completion {
  candidates: Candidate[];
  directive: number;
}
const nothing: Completion = { candidates: [], directive: directives.noFiles };

/**
 * Answers kubectl, or a shell, that wants a word completed: a line for each candidate, then a directive.
 * (https://github.com/kubernetes/kubectl/blob/master/pkg/cmd/plugin/plugin_completion.go)
 * Never fails and never says why: the user is typing.
 * @param words after `kubectl crashcart`; the last one is to be completed.
 * @param limit what is not known by its abortion is not offered.
 */
export async function completeLine(
  words: string[],
  commands: CompletedCommands,
  { env, stdout }: Pick<Context, 'env'> & { stdout: { write(text: string): unknown } },
  limit: AbortSignal,
): Promise<number> {
  // Raced: what reads credentials, such as an exec plugin of the kubeconfig, knows no signal.
  const late = new Promise<Completion>((resolve) => {
    limit.addEventListener('abort', () => resolve(nothing), { once: true });
  });
  stdout.write(
    formatAnswer(await Promise.race([complete(words, commands, env, limit).catch(() => nothing), late])),
  );
  return 0;
}

/** @returns a line for each candidate, whose description is one line whatever is in it; then the directive. */
export function formatAnswer({ candidates, directive }: Completion): string {
  const lines = candidates.map(({ value, description }) =>
    description === undefined ? value : `${value}\t${escapeText(description.replaceAll(/[\t\r\n]+/g, ' '))}`,
  );
  return [...lines, `:${directive}`, ''].join('\n');
}

async function complete(
  words: string[],
  { summaries, choose }: CompletedCommands,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Completion> {
  if (words.length === 2 && words[0] === 'help')
    return { candidates: listCommands(summaries, words[1] ?? ''), directive: directives.noFiles };
  // A word at the cursor names no command yet.
  const isFirst = words.length <= 1;
  const { command, args } = await choose(isFirst ? [] : words);
  const line = analyseLine(isFirst ? words : args, command);
  const candidates = await findCandidates(line, listCommandOptions(command), env, signal);
  const { request } = line;
  const prefix = request.kind === 'nothing' ? '' : request.prefix;
  const isCommand = isFirst && request.kind === 'value' && request.isArgument;
  const commands = isCommand ? listCommands(summaries, prefix) : [];
  const fitting = [...commands, ...candidates].filter(
    // Names in a kubeconfig are free text; those that a terminal can't show can't be typed either.
    ({ value }) => value.startsWith(prefix) && escapeText(value) === value && !/[\t\n]/.test(value),
  );
  return { candidates: fitting, directive: chooseDirective(line, fitting) };
}

async function findCandidates(
  { request, before }: CompletionLine,
  options: Option[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Candidate[]> {
  if (request.kind === 'nothing') return [];
  const raw = parseArguments(before, options);
  if (request.kind === 'value') {
    // The command itself reports a file with mistakes.
    const settings = await decideSettings(raw, options, env).catch((): Settings => new Map());
    return await listCandidates(request.source, { raw, settings, prefix: request.prefix, env, signal });
  }
  return options
    .filter(({ flag, type }) => type === 'list' || raw.flags[flag] === undefined)
    .map((option) => ({ value: `--${option.flag}`, description: describeOption(option) }));
}

function listCommands(summaries: CompletedCommands['summaries'], prefix: string): Candidate[] {
  const commands = [...summaries].map(([value, { summary }]) => ({ value, description: summary }));
  return commands.filter(({ value }) => value.startsWith(prefix));
}

function chooseDirective({ request }: CompletionLine, fitting: Candidate[]): number {
  if (request.kind === 'value' && request.source === 'file') return directives.default;
  // A kind is not the whole of a target.
  const goesOn = fitting.length > 0 && fitting.every(({ value }) => value.endsWith('/'));
  return directives.noFiles + (goesOn ? directives.noSpace : 0);
}
