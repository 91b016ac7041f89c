import { PassThrough } from 'node:stream';
import { raceAbort } from '../failure/abort-race.ts';
import type { CommandProcess, EndReason } from '../agent/sessions/command-process.ts';
import type { SessionEnd } from '../session-api/session-end.ts';
import type { SessionSpec, SessionTarget, TerminalSize } from '../session-api/session-spec.ts';

/** A command whose output, input and end are the test's. */
export class FakeProcess implements CommandProcess {
  /** What the client has sent, for the test to read. */
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  /** null with a terminal. */
  readonly stderr: PassThrough | null;
  readonly streams: CommandProcess['streams'];
  readonly target: SessionTarget;
  /** What the session was asked to do, in this order. */
  readonly sizes: TerminalSize[] = [];
  readonly signals: NodeJS.Signals[] = [];
  readonly warnings: string[] = [];
  /** The command starts after this. */
  startGate = Promise.resolve();
  isStarted = false;
  isReleased = false;
  readonly #ended = Promise.withResolvers<SessionEnd>();

  constructor({ terminal, target }: Pick<SessionSpec, 'terminal' | 'target'>) {
    this.target = target;
    this.stderr = terminal === null ? new PassThrough() : null;
    this.streams = {
      ...{ stdin: this.stdin, stdout: this.stdout, stderr: this.stderr },
      resize: terminal === null ? null : (size) => void this.sizes.push(size),
    };
  }

  get isRunning(): boolean {
    return this.isStarted && !this.isReleased;
  }

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  async start(signal: AbortSignal): Promise<void> {
    await raceAbort(this.startGate, signal);
    this.isStarted = true;
  }

  signal(name: NodeJS.Signals): void {
    this.signals.push(name);
  }

  halt(why: EndReason): Promise<void> {
    this.end({ ...why, exitCode: 137 });
    return Promise.resolve();
  }

  release(): Promise<void> {
    this.isReleased = true;
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
    return Promise.resolve();
  }

  /** Ends the outputs and the process. */
  end(end: Partial<SessionEnd> = {}): void {
    this.stdout.end();
    this.stderr?.end();
    this.#ended.resolve({
      reason: 'exited',
      message: null,
      exitCode: 0,
      warnings: [],
      leftProcesses: [],
      ...end,
    });
  }

  /** The agent loses track of the process, by a defect of its own. */
  break(error: Error): void {
    this.#ended.reject(error);
  }
}
