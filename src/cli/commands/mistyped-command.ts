import { Failure } from '../../failure/failure.ts';
import { commandTable } from './command-table.ts';
import { UsageError } from '../errors.ts';
import { findNearestName } from '../command-line/nearest-name.ts';

/**
 * Adds the command that may have been meant to the failure of a session: any other word is the name of a pod.
 * @param word the first of the command line.
 * @returns the error itself when it has another cause, or no command is near.
 */
export function adviseCommand(error: unknown, word: string | undefined): unknown {
  const nearest = word === undefined ? null : findNearestName(word, [...commandTable.keys(), 'help']);
  // The exact name of a command has an error message of its own.
  if (nearest === null || nearest === word) return error;
  const advice = `id you mean the command "${nearest}"?`;
  if (error instanceof UsageError) return new UsageError(`${error.message}; d${advice}`, { cause: error });
  if (!(error instanceof Failure) || error.code !== 'targetNotFound') return error;
  const hint = [`D${advice}`, error.hint].filter((text) => text !== null).join(' ');
  return new Failure(error.code, error.message, hint, { cause: error });
}
