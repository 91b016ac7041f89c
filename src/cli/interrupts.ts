import { InterruptedError } from './errors.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns signals into the end of the command.
 * @param onInterrupt is offered every SIGINT first; it returns whether it has taken care of it.
 * @returns ends that.
 */
export function watchInterrupts(end: (reason: Error) => void, onInterrupt: () => boolean): () => void {
  const handle = (signal: NodeJS.Signals) => {
    if (signal === 'SIGINT' && onInterrupt()) return;
    end(new InterruptedError(signal));
  };
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
