import type { ApiClient } from '../../../../cluster/api/api-client.ts';
import type { ClientSession } from '../../../../cluster/session/client-session.ts';
import type { NodeAgents } from '../../../../cluster/session/shared/node-agents.ts';
import { describeStandstill } from '../../../../cluster/target/probes/standstill.ts';
import type { SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import { raceAbort } from '../../../../failure/abort-race.ts';
import type { Failure } from '../../../../failure/failure.ts';
import { Reporter } from '../../../../failure/reporter.ts';
import { reportSessionEnd } from '../../../attached/session-end-report.ts';
import type { Context } from '../../../context.ts';
import { stepLevel } from '../../../options/verbosity.ts';
import { leaveEvent } from '../leave-event.ts';
import type { RequestedSession } from '../session-request.ts';
import { describeSessionBody, type SessionOrigin } from '../start/session-body.ts';
import type { TargetOutput } from './many-outputs.ts';
import type { TargetResult } from './run-results.ts';

/** What one target has for itself. */
interface TargetSurroundings {
  label: string;
  output: TargetOutput;
  origin: SessionOrigin & { claimedUser: string | null };
  /** Whether the target may end before the command. */
  mayGo: boolean;
}

/** The session of one target among many. */
export class TargetRun {
  readonly #api: ApiClient;
  readonly #agents: NodeAgents;
  readonly #selected: SelectedTarget;
  readonly #around: TargetSurroundings;
  readonly #options: RequestedSession;
  readonly #context: Context;
  #session: ClientSession | null = null;

  constructor(
    api: ApiClient,
    agents: NodeAgents,
    selected: SelectedTarget,
    around: TargetSurroundings,
    options: RequestedSession,
    context: Context,
  ) {
    this.#api = api;
    this.#agents = agents;
    this.#selected = selected;
    this.#around = around;
    this.#options = options;
    this.#context = context;
  }

  /**
   * Runs the command to its end.
   * @param signal ends the wait; the session goes on until {@link delete}.
   * @throws what NodeAgents.open and ClientSession.outcome throw; Failure `sessionFailed`; the signal's reason.
   */
  async run(signal: AbortSignal): Promise<TargetResult> {
    const { label, output } = this.#around;
    // What is told of one target stands among its lines.
    const reporter = new Reporter({ write: (text) => output.stderr.write(text) });
    this.#tellStandstill(reporter);
    const exitCode = await output.run(reporter, (stdout) => this.#runSession(stdout, reporter, signal));
    return { label, exitCode, message: null, hint: null };
  }

  /** Ends the session, if it has begun. @throws as ClientSession.delete does. */
  async delete(signal: AbortSignal): Promise<void> {
    await this.#session?.delete(signal);
  }

  /** Gives the connection back. */
  close(): void {
    this.#session?.close();
  }

  async #runSession(
    stdout: TargetOutput['stdout'],
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<number> {
    const { origin, output } = this.#around;
    const found = { ...this.#selected, claimedUser: origin.claimedUser };
    // Many terminals can't be one, and what is typed can't be for all.
    const options = { ...this.#options, terminal: false, stdin: false };
    const trace = (line: string) => {
      if (options.verbosity >= stepLevel) reporter.tell(line);
    };
    const sinks = {
      ...{ stdout, stderr: output.stderr, compress: options.compress },
      onLost: ({ message }: Failure) => trace(`${message}; reconnecting`),
      onRestored: () => trace('the connection is restored'),
      onGap: () => undefined,
    };
    const body = describeSessionBody(found, options, origin, this.#context);
    const session = await this.#agents.open(this.#selected, body, sinks, signal);
    this.#session = session;
    for (const warning of session.warnings) reporter.warning(warning);
    const event = leaveEvent(this.#api, found, options, this.#context);
    const outcome = await raceAbort(session.outcome, signal);
    this.#session = null;
    session.close();
    await event;
    // Nobody detaches one of many: a session that was taken over is an error of its outcome.
    if (outcome.kind !== 'ended') return 0;
    // Where pods come and go, the end of a target is not a failure: the watch tells of it.
    if (this.#around.mayGo && outcome.end.reason === 'targetEnded') return 0;
    return await reportSessionEnd(outcome.end, this.#api, this.#selected.target, reporter);
  }

  #tellStandstill(reporter: Reporter): void {
    const { pod, target } = this.#selected;
    const { stopsTarget, quiet } = this.#options;
    if (!stopsTarget || quiet || pod === null || target.kind === 'node') return;
    const standstill = describeStandstill(pod, target.container);
    if (standstill !== null) reporter.note(standstill);
  }
}
