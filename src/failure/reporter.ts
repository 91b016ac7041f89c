import { bugsURL } from './docs-link.ts';
import { escapeMessage } from './escape-text.ts';
import { exitCodes, Failure } from './failure.ts';
import { describeStack } from './source-stack.ts';

/** The end of a command that a user is told nothing about: only its exit code tells. */
export interface SilentEnd {
  silent: true;
  exitCode: number;
}

/**
 * The only way by which this program speaks of itself: to stderr, one message at a time, with text of unknown origin
 * made harmless.
 */
export class Reporter {
  readonly #stderr: { write(text: string): unknown };

  constructor(stderr: { write(text: string): unknown }) {
    this.#stderr = stderr;
  }

  /** Says what failed and what to do about it. @returns the exit code to end with. */
  failure(error: unknown): number {
    if (isSilentEnd(error)) return error.exitCode;
    const { message, hint, exitCode } = error instanceof Failure ? error : describeDefect(error);
    this.error(message);
    if (hint !== null) this.tell(hint);
    return exitCode;
  }

  /** What was asked for was not done, or not all of it. */
  error(message: string): void {
    this.tell(`error: ${message}`);
  }

  /** What was asked for is done, but something about it needs attention. */
  warning(message: string): void {
    this.tell(`warning: ${message}`);
  }

  /** Something worth knowing. */
  note(message: string): void {
    this.tell(`note: ${message}`);
  }

  /** A line without a mark: the outcome of a command whose stdout is data, or progress. */
  tell(message: string): void {
    this.#stderr.write(`${escapeMessage(message)}\n`);
  }
}

/** By errno(3): what the state of a machine refuses to every program. A wrong name, ENOENT, may be our mistake. */
const codesOfMachine = new Set([
  ...[
    'EACCES',
    'EAGAIN',
    'EBADF',
    'EDQUOT',
    'EFBIG',
    'EIO',
    'EMFILE',
    'ENFILE',
    'ENODEV',
    'ENOMEM',
    'ENOSPC',
    'ENOSYS',
  ],
  ...['ENXIO', 'EPERM', 'EPIPE', 'EROFS', 'ESTALE', 'ETXTBSY'],
]);

function isOfMachine(error: unknown): error is Error {
  return (
    error instanceof Error && 'syscall' in error && 'code' in error && codesOfMachine.has(String(error.code))
  );
}

function isSilentEnd(error: unknown): error is SilentEnd {
  return error instanceof Failure && 'silent' in error && error.silent === true;
}

/** An error that no code of ours expected. What the machine has none of is no defect of ours. */
function describeDefect(error: unknown): { message: string; hint: string; exitCode: number } {
  if (isOfMachine(error)) {
    const hint =
      'This machine has refused something that the plugin needs: a file, a descriptor, memory or space.';
    return { message: error.message, hint, exitCode: exitCodes.failure };
  }
  return {
    message: `unexpected: ${describeStack(error)}`,
    hint: `This is a defect. Please report it: ${bugsURL}`,
    exitCode: exitCodes.failure,
  };
}
