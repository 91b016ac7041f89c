import { AsyncLocalStorage } from 'node:async_hooks';
import { describeStack } from '../../failure/source-stack.ts';

/** What an error belongs to: a session, or a request. */
export interface ErrorOwner {
  /** For the agent's log. */
  name: string;
  /** Ends it, and nothing else. */
  fail: (error: unknown) => void;
}

const owners = new AsyncLocalStorage<ErrorOwner>();

/**
 * Does work that belongs to somebody, with all that follows from it: promises, timers, and the events of sockets and
 * processes that it makes (https://nodejs.org/api/async_context.html).
 */
export function runOwned<Result>(owner: ErrorOwner, work: () => Result): Result {
  return owners.run(owner, work);
}

/**
 * Ends what an error belongs to that no code has caught. Without it Node would end the process, and all sessions with
 * it (https://nodejs.org/api/process.html#event-uncaughtexception).
 */
export function ownStrayErrors(): void {
  process.on('uncaughtException', takeStrayError);
  process.on('unhandledRejection', takeStrayError);
}

/** Not to be called but by the events: it takes the owner of what runs now. */
export function takeStrayError(error: unknown): void {
  const owner = owners.getStore();
  console.error(`an error that nobody expected, of ${owner?.name ?? 'the agent'}: ${describeStack(error)}`);
  try {
    owner?.fail(error);
  } catch (failure) {
    console.error(describeStack(failure));
  }
}
