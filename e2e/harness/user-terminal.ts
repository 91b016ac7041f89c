import { readFile } from 'node:fs/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import { getUserEnvironment, waitUntil } from './command-run.ts';

/** A terminal with a user at it: a shell on a real PTY, what it shows, and keys to press. */
export class UserTerminal {
  readonly #pty: IPty;
  readonly #exited: Promise<number>;
  #shown = '';
  #hasExited = false;

  private constructor(pty: IPty) {
    this.#pty = pty;
    this.#exited = new Promise((resolve) => {
      pty.onExit(({ exitCode }) => {
        this.#hasExited = true;
        resolve(exitCode);
      });
    });
    pty.onData((text) => (this.#shown += text));
  }

  /**
   * Opens a terminal that runs a script of the user's shell.
   * @param size in character cells.
   */
  static async open(script: string, size = { columns: 100, rows: 30 }): Promise<UserTerminal> {
    const env = { ...(await getUserEnvironment()), TERM: 'xterm-256color' };
    return new UserTerminal(
      spawn('bash', ['--norc', '-c', script], { env, cols: size.columns, rows: size.rows }),
    );
  }

  /** All that was shown until now, control sequences and all. */
  get shown(): string {
    return this.#shown;
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows);
  }

  /** Waits until something is shown after what was shown before `offset`. @returns what was. */
  async waitFor(pattern: RegExp, offset = 0, limitMs = 20_000): Promise<string> {
    const find = () => pattern.exec(this.#shown.slice(offset))?.[0] ?? null;
    await waitUntil(
      `${pattern} in ${JSON.stringify(this.#shown)}`,
      () => Promise.resolve(find() !== null),
      limitMs,
    );
    return find() ?? '';
  }

  /** Presses keys and waits for what is shown from then on. */
  async pressAndWait(keys: string, pattern: RegExp): Promise<string> {
    const offset = this.#shown.length;
    this.press(keys);
    return await this.waitFor(pattern, offset);
  }

  /** @returns the exit code of the script, once it has ended and all is shown. */
  waitForExit(): Promise<number> {
    return this.#exited;
  }

  /** @returns the process IDs of the shell's children: kubectl is replaced by the plugin it runs. */
  async listChildren(): Promise<number[]> {
    const { pid } = this.#pty;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  }

  /** Closes the window; one whose script has ended is closed already. */
  async close(): Promise<void> {
    if (!this.#hasExited) this.#pty.kill('SIGHUP');
    await this.#exited;
  }
}
