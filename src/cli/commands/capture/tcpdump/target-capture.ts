import { Writable } from 'node:stream';
import type { ClientSession } from '../../../../cluster/session/client-session.ts';
import type { SessionEnd } from '../../../../session-api/session-end.ts';
import { raceAbort } from '../../../../failure/abort-race.ts';
import { getErrorMessage } from '../../../../failure/error-message.ts';
import { ToolMessages } from '../../open/start/tool-messages.ts';
import type { ToolSinks } from '../../open/start/tool-sessions.ts';
import type { TcpdumpCounts } from '../targets/captured-target.ts';
import { readTcpdumpCounts, readTcpdumpError } from './tcpdump-command.ts';

/** tcpdump ends at once, but its last packets may have to wait for a slow line. */
const stopLimitMs = 10_000;
/**
 * The kernel passes packets on in blocks, after 1 s at most (libpcap's timeout in tcpdump), and tcpdump leaves a block that
 * it has not been given behind. So the signal waits for the last one.
 */
const lastBlockMs = 1200;
const deleteLimitMs = 3000;

/** How the capture in one target has ended. */
export interface CaptureEnd extends TcpdumpCounts {
  /** null: as it should. */
  failure: string | null;
}

/** tcpdump in one target, from the start of its session to the end. */
export class TargetCapture {
  readonly #messages = new ToolMessages();
  readonly #stopped = new AbortController();
  readonly #overdue = Promise.withResolvers<never>();
  #session: ClientSession | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    this.#overdue.promise.catch(() => undefined);
  }

  /**
   * Runs to the end of the capture. Never throws: what fails is told.
   * @param open opens the session with tcpdump; its signal is aborted when the capture is stopped before.
   * @param read takes the output piece by piece, and settles when there is room for more. What it throws ends the capture.
   * @param onStarted is called when tcpdump runs.
   */
  async run(
    open: (sinks: ToolSinks, stopped: AbortSignal) => Promise<ClientSession>,
    read: (chunk: Buffer) => Promise<void>,
    onStarted: () => void,
    describeTargetEnd: (end: SessionEnd) => Promise<string>,
  ): Promise<CaptureEnd> {
    const unknown = { received: null, dropped: null };
    const opening = open(this.#makeSinks(read), this.#stopped.signal);
    try {
      // An agent that is being started for others as well does not hold up the end of this capture.
      this.#session = await raceAbort(opening, this.#stopped.signal);
    } catch (error) {
      opening.then(discard, () => undefined);
      return { ...unknown, failure: this.#stopped.signal.aborted ? null : getErrorMessage(error) };
    }
    onStarted();
    try {
      const outcome = await Promise.race([this.#session.outcome, this.#overdue.promise]);
      if (outcome.kind === 'detached') return { ...unknown, failure: 'another client has taken its session' };
      return await this.#describe(outcome.end, describeTargetEnd);
    } catch (error) {
      return { ...unknown, failure: getErrorMessage(error) };
    } finally {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#session.close();
    }
  }

  /**
   * Has tcpdump end.
   * @param withRest whether it first passes on what has come until now.
   */
  stop({ withRest }: { withRest: boolean }): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    if (this.#session !== null) this.#interrupt(this.#session, withRest ? lastBlockMs : 0);
  }

  /** Ends the session, whatever is lost by that. */
  async end(signal: AbortSignal): Promise<void> {
    this.#stopped.abort();
    await this.#session?.delete(signal);
  }

  #interrupt(session: ClientSession, afterMs: number): void {
    const wait = (ms: number, act: () => void) => (this.#timer = setTimeout(act, ms));
    wait(afterMs, () => {
      session.signal('SIGINT').catch(() => undefined);
      wait(stopLimitMs, () => {
        session.delete(AbortSignal.timeout(deleteLimitMs)).catch(() => undefined);
        const why = `tcpdump did not end within ${stopLimitMs / 1000} s: its last packets are missing`;
        this.#overdue.reject(new Error(why));
      });
    });
  }

  async #describe(
    end: SessionEnd,
    describeTargetEnd: (end: SessionEnd) => Promise<string>,
  ): Promise<CaptureEnd> {
    const said = this.#messages.read('latin1');
    const counts = readTcpdumpCounts(said);
    if (end.reason === 'targetEnded') return { ...counts, failure: await describeTargetEnd(end) };
    if (end.reason !== 'exited')
      return { ...counts, failure: end.message ?? `its session was ended (${end.reason})` };
    if (end.exitCode === 0) return { ...counts, failure: null };
    return { ...counts, failure: readTcpdumpError(said) ?? `tcpdump ended with exit code ${end.exitCode}` };
  }

  #makeSinks(read: (chunk: Buffer) => Promise<void>): ToolSinks {
    return {
      stdout: new Writable({
        write: (chunk: Buffer, _encoding, callback) => {
          read(chunk).then(() => callback(), callback);
        },
      }),
      stderr: this.#messages,
      onLost: () => undefined,
      onRestored: () => undefined,
      onGap: () => undefined,
    };
  }
}

/** Ends a session that was opened too late. */
async function discard(session: ClientSession): Promise<void> {
  await session.delete(AbortSignal.timeout(deleteLimitMs)).catch(() => undefined);
  session.close();
}
