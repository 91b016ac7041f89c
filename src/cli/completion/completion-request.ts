import { type Command, listCommandOptions } from '../command-line/command.ts';
import type { Option, ValueSource } from '../command-line/option.ts';

/** What is to be completed on a command line. */
type CompletionRequest =
  | { kind: 'value'; source: ValueSource; prefix: string; isArgument: boolean }
  | { kind: 'flag'; prefix: string }
  | { kind: 'nothing' };

/** A command line up to the cursor, taken apart. */
export interface CompletionLine {
  request: CompletionRequest;
  /** What stands before the word at the cursor, except a flag that waits for it. */
  before: string[];
}

/**
 * Finds out what the last word of a command line is to be.
 * @param words of the command, the last one up to the cursor; it may be empty.
 */
export function analyseLine(words: string[], command: Command): CompletionLine {
  const options = listCommandOptions(command);
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  // What follows is a command, whose words aren't known here.
  if (before.includes('--')) return { before, request: { kind: 'nothing' } };
  const assignment = /^--([^=]+)=(.*)$/s.exec(word);
  if (assignment !== null) {
    const [, name = '', prefix = ''] = assignment;
    return { before, request: requestValue(findOption(options, `--${name}`), prefix) };
  }
  const pending = findOption(options, before.at(-1) ?? '');
  if (pending !== null && pending.type !== 'boolean') {
    return { before: before.slice(0, -1), request: requestValue(pending, word) };
  }
  if (word.startsWith('-')) return { before, request: { kind: 'flag', prefix: word } };
  const argument = Object.values(command.arguments)[0];
  const source = argument?.values;
  const isTaken = argument?.isMany !== true && hasArgument(before, options);
  if (isTaken || source === undefined) return { before, request: { kind: 'nothing' } };
  return { before, request: { kind: 'value', source, prefix: word, isArgument: true } };
}

function requestValue(option: Option | null, prefix: string): CompletionRequest {
  return option?.values === undefined
    ? { kind: 'nothing' }
    : { kind: 'value', source: option.values, prefix, isArgument: false };
}

/** @returns the option that a word is, by its long name or by its letter, also as the last of several. */
function findOption(options: Option[], word: string): Option | null {
  const long = /^--([^=]+)$/.exec(word)?.[1];
  const letter = /^-[a-zA-Z]*([a-zA-Z])$/.exec(word)?.[1];
  return (
    options.find(({ flag, alias }) =>
      long === undefined ? alias !== undefined && alias === letter : flag === long,
    ) ?? null
  );
}

/** Whether one of the words is neither an option nor an option's value. */
function hasArgument(words: string[], options: Option[]): boolean {
  return words.some((word, index) => {
    const owner = findOption(options, words[index - 1] ?? '');
    return !word.startsWith('-') && (owner === null || owner.type === 'boolean');
  });
}
