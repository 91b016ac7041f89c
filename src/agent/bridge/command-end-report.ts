import type { ChildProcess } from 'node:child_process';

/** Others may write to the same pipe: tini warns of what surprises it. */
const maxTextBytes = 16 * 1024;

/** How a command ended: as wait(2) has it. */
export type CommandEnd = { exitCode: number } | { signal: number };

/**
 * What session-init says of the command's end, on its stderr. An exit code above 128 alone does not tell whether a signal
 * ended the command, or session-init; nor does the end of session-init tell that its command has ended.
 */
export class CommandEndReport {
  /** null until it is heard. */
  end: CommandEnd | null = null;
  /** Settles when the command has ended, or nothing will be heard of its end. */
  readonly heard: Promise<void>;
  #text = '';

  /** @param child the first program of those that enter the target; its stderr is a pipe, and was not read yet. */
  constructor({ stderr }: ChildProcess) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.heard = promise;
    stderr?.on('data', (chunk: Buffer) => {
      this.#text = (this.#text + chunk.toString('latin1')).slice(-maxTextBytes);
      this.end ??= parseEnd(this.#text);
      if (this.end !== null) resolve();
    });
    stderr?.once('close', resolve);
  }
}

function parseEnd(text: string): CommandEnd | null {
  const [, kind, number] = /session-init: (exit code|signal) (\d+)\n/.exec(text) ?? [];
  if (number === undefined) return null;
  return kind === 'signal' ? { signal: Number(number) } : { exitCode: Number(number) };
}
