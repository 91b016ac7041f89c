import type { Writable } from 'node:stream';
import { Failure } from '../../failure/failure.ts';
import { OutputClosedError } from '../errors.ts';

/**
 * Notes what goes wrong with our own stdout and stderr. The streams report that by an event, at whatever time; without a
 * listener the event would end the process with a stack trace.
 */
export class OutputWatch {
  /** By stream; the first error of each counts. */
  readonly #errors = new Map<'stdout' | 'stderr', Error>();

  readonly #stdout: Writable;

  constructor(streams: Record<'stdout' | 'stderr', Writable>) {
    this.#stdout = streams.stdout;
    for (const name of ['stdout', 'stderr'] as const) {
      streams[name].on('error', (error: Error) => {
        if (!this.#errors.has(name)) this.#errors.set(name, error);
      });
    }
  }

  /**
   * Checks that everything was written to stdout. Messages that stderr did not take are no reason to fail.
   * @throws OutputClosedError, Failure `outputFailed`.
   */
  async check(): Promise<void> {
    const stdout = this.#stdout;
    await new Promise<void>((resolve) => {
      // Most outputs are written to at once, and their errors come in the same turn.
      if (!stdout.writableLength) setImmediate(resolve);
      else stdout.write('', () => resolve());
    });
    const error = this.#errors.get('stdout');
    if (error) throw explain('stdout', error);
  }

  /** @returns what to tell instead of an error that a write to one of the streams has failed with; others as they are. */
  explain(error: unknown): unknown {
    for (const [name, known] of this.#errors) if (known === error) return explain(name, known);
    return error;
  }
}

function explain(name: 'stdout' | 'stderr', cause: Error): Failure {
  if ((cause as NodeJS.ErrnoException).code === 'EPIPE') return new OutputClosedError({ cause });
  return new Failure(
    'outputFailed',
    `${name} can't be written: ${cause.message}`,
    'What was written is incomplete.',
    { cause },
  );
}
