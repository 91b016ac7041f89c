import { describeStack } from '../../failure/source-stack.ts';

/** Writes an error that concerns no request to the agent's log. */
export function reportError(error: unknown): void {
  console.error(`session: ${describeStack(error)}`);
}
