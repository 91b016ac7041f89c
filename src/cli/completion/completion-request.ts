import type { Command, Flag, Flags, ValueSource } from '../command-line/command.ts';

/** What is to be completed on a command line. */
export type CompletionRequest =
  | { kind: 'value'; source: ValueSource; prefix: string }
  | { kind: 'flag'; prefix: string }
  | { kind: 'nothing' };

/** A command line up to the cursor, taken apart. */
export interface CompletionLine {
  request: CompletionRequest;
  /** What stands before the word at the cursor, but a flag that waits for it. */
  before: string[];
}

/**
 * Finds out what the last word of a command line is to be.
 * @param words of the command, the last one up to the cursor; it may be empty.
 */
export function analyseLine(words: string[], command: Command<unknown>): CompletionLine {
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  // What follows is a command with words of its own, which aren't known here.
  if (before.includes('--')) return { before, request: { kind: 'nothing' } };
  const assignment = /^--([^=]+)=(.*)$/s.exec(word);
  if (assignment !== null) {
    const [, name = '', prefix = ''] = assignment;
    return { before, request: requestValue(findFlag(command.flags, `--${name}`), prefix) };
  }
  const pending = findFlag(command.flags, before.at(-1) ?? '');
  if (pending !== null && pending.type !== 'boolean') {
    return { before: before.slice(0, -1), request: requestValue(pending, word) };
  }
  if (word.startsWith('-')) return { before, request: { kind: 'flag', prefix: word } };
  if (hasArgument(before, command.flags) || command.argument === undefined) {
    return { before, request: { kind: 'nothing' } };
  }
  return { before, request: { kind: 'value', source: command.argument, prefix: word } };
}

function requestValue(flag: Flag | null, prefix: string): CompletionRequest {
  return flag?.values === undefined ? { kind: 'nothing' } : { kind: 'value', source: flag.values, prefix };
}

/** @returns the flag that a word is, by its long name or by its letter, also as the last of several. */
function findFlag(flags: Flags, word: string): Flag | null {
  const long = /^--([^=]+)$/.exec(word)?.[1];
  if (long !== undefined) return flags[long] ?? null;
  const letter = /^-[a-zA-Z]*([a-zA-Z])$/.exec(word)?.[1];
  return Object.values(flags).find(({ alias }) => alias !== undefined && alias === letter) ?? null;
}

/** Whether one of the words is neither a flag nor a flag's value. */
function hasArgument(words: string[], flags: Flags): boolean {
  return words.some((word, index) => {
    const owner = findFlag(flags, words[index - 1] ?? '');
    return !word.startsWith('-') && (owner === null || owner.type === 'boolean');
  });
}
