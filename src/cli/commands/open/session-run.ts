import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { NamespaceMissingError } from '../../../cluster/agent-pods/agent-jobs.ts';
import type { AgentOptions } from '../../../cluster/agent-pods/agent-spec.ts';
import { NodeRefusalError } from '../../../cluster/agent-pods/refusals/node-refusal.ts';
import { isResident, refuseLongKeep } from '../../../cluster/agent-pods/resident/session-keep.ts';
import { findWarmAgent } from '../../../cluster/agent-pods/find-agent.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import type { ClientSession } from '../../../cluster/session/client-session.ts';
import type { SessionAgent } from '../../../cluster/session/open-session.ts';
import { explainEndedTarget, isEndedTarget } from '../../../cluster/target/target-end.ts';
import type { ProblemError } from '../../../session-api/problem.ts';
import type { SessionEnd } from '../../../session-api/session-end.ts';
import type { SessionTarget } from '../../../session-api/session-spec.ts';
import { Failure } from '../../../failure/failure.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import { formatAttachCommand } from '../../attached/attach-hint.ts';
import type { Recording } from '../../attached/recording.ts';
import { lookUpLimitMs, noteFollowedEnd, reportSessionEnd } from '../../attached/session-end-report.ts';
import type { AttachmentOptions, TerminalAttachment } from '../../attached/terminal-attachment.ts';
import type { Context } from '../../context.ts';
import { type Lifetime, runUntilInterrupted } from '../../process/lifetime.ts';
import { openApi } from '../../options/access-options.ts';
import { stepLevel } from '../../options/verbosity.ts';
import { watchStart } from './catch/start-watch.ts';
import { confirmNamespace } from './confirm-namespace.ts';
import { confirmPriority } from './confirm-priority.ts';
import { findTarget, type FoundTarget } from './find-target.ts';
import { leaveEvent } from './leave-event.ts';
import type { RequestedSession, SessionOptions } from './session-request.ts';
import { describeSessionBody } from './start/session-body.ts';

/**
 * Opens a session, or shows what would be made for it.
 * @returns the command's exit code.
 * @throws Failure, any code of this program; ProblemError; ApiError; UsageError; InterruptedError; OutputClosedError.
 */
export async function runSession(requested: RequestedSession, context: Context): Promise<number> {
  const options = await completeChoice(requested, context);
  if (options.dryRun !== null) {
    const { showSession } = await import('./session-dry-run.ts');
    return await showSession(options, options.dryRun, context);
  }
  return await runUntilInterrupted(async (_signal, lifetime) => {
    const run = (stdout: Writable) => new SessionRun(options, stdout, lifetime, context).run();
    if (options.outputFile === null) return await run(context.stdout);
    const { writeOutputFile } = await import('../../attached/output-file.ts');
    return await writeOutputFile(options.outputFile, context.reporter, run);
  });
}

/** The prompt and its imports are loaded only when they are needed. */
async function completeChoice(requested: RequestedSession, context: Context): Promise<SessionOptions> {
  const { target } = requested;
  if (target !== null) return { ...requested, target };
  const { chooseTarget } = await import('./choose-target.ts');
  return await chooseTarget(requested, context);
}

/** A container that ends again and again may do so between each look-up and its entering. */
const maxMisses = 10;

function isSameRun(one: SessionTarget, other: SessionTarget): boolean {
  return one.kind === 'container' && other.kind === 'container' && one.containerID === other.containerID;
}

/** One run of the command: one session or, when it follows its target, one after the other. */
class SessionRun {
  readonly #options: SessionOptions;
  readonly #stdout: Writable;
  readonly #lifetime: Lifetime;
  readonly #context: Context;
  readonly #progress: ProgressLine;
  readonly #clientID = randomUUID();
  #recording: Recording | null = null;

  /** @param stdout where the session's stdout goes. */
  constructor(options: SessionOptions, stdout: Writable, lifetime: Lifetime, context: Context) {
    this.#options = options;
    this.#stdout = stdout;
    this.#lifetime = lifetime;
    this.#context = context;
    this.#progress = new ProgressLine(context.stderr, { quiet: options.quiet });
    lifetime.defer(() => this.#progress.clear());
  }

  async run(): Promise<number> {
    const api = await openApi(this.#options, this.#context);
    const find = () => findTarget(api, this.#options, this.#context, this.#lifetime.signal);
    const finding = find();
    finding.catch(() => undefined);
    // Loaded while the API server's first answers are on their way.
    await loadSessionModules();
    let found = await this.#waitIfNeeded(api, finding);
    let misses = 0;
    for (;;) {
      let end: SessionEnd | null;
      try {
        end = await this.#enter(api, found);
      } catch (error) {
        if (!isEndedTarget(error) || ++misses > maxMisses) throw error;
        found = await this.#findAgain(api, found, error);
        continue;
      }
      if (end === null) return 0;
      const { target } = found;
      const { reporter } = this.#context;
      const { follow, quiet } = this.#options;
      if (!follow || end.reason !== 'targetEnded' || target.kind !== 'container')
        return await reportSessionEnd(end, api, target, reporter);
      misses = 0;
      const noting = noteFollowedEnd(end, api, target, quiet ? null : reporter);
      [found] = await Promise.all([this.#wait(api, found), noting]);
    }
  }

  async #waitIfNeeded(api: ApiClient, finding: Promise<FoundTarget>): Promise<FoundTarget> {
    try {
      return await finding;
    } catch (error) {
      const isNotReady = error instanceof Failure && error.code === 'targetNotReady';
      if (!isNotReady || !this.#options.wait) throw error;
      return await this.#wait(api, null);
    }
  }

  /** @param ended the run that has ended; null: any run will do. */
  async #wait(api: ApiClient, ended: FoundTarget | null): Promise<FoundTarget> {
    const { waitForTarget } = await import('./wait-for-target.ts');
    const around = { lifetime: this.#lifetime, progress: this.#progress, context: this.#context };
    const found = await waitForTarget(api, this.#options, ended, around);
    this.#progress.clear();
    return found;
  }

  /** Finds the run of a container that has come after the one that could not be entered. @throws why there is none. */
  async #findAgain(api: ApiClient, missed: FoundTarget, error: ProblemError): Promise<FoundTarget> {
    if (this.#options.wait) return await this.#wait(api, missed);
    const why = await explainEndedTarget(api, missed.target, error, AbortSignal.timeout(lookUpLimitMs));
    // The API server knows no more than the session's start did.
    if (why === error) throw error;
    const found = await findTarget(api, this.#options, this.#context, this.#lifetime.signal);
    if (isSameRun(found.target, missed.target)) throw why;
    return found;
  }

  /** @returns how the session ended; null when it was left running. */
  async #enter(api: ApiClient, found: FoundTarget): Promise<SessionEnd | null> {
    const { quiet, agent, detach } = this.#options;
    const { stdout, reporter } = this.#context;
    this.#refuseLongKeep(found);
    await this.#startRecording(found.target);
    const { TerminalAttachment, runAttached } = await loadSessionModules();
    const attachment = detach ? null : new TerminalAttachment(this.#describeAttachment(), this.#context);
    const session = await this.#openInTime(api, found, attachment);
    this.#progress.clear();
    // Of a start that was caught, the container is known by now.
    found.target = session.target ?? found.target;
    this.#noteHold(found.target);
    for (const warning of session.warnings) reporter.warning(warning);
    const comeBack = formatAttachCommand(session.id, agent.namespace);
    // The session does not wait for the Event.
    const event = leaveEvent(api, found, this.#options, this.#context);
    this.#lifetime.defer(() => event);
    if (attachment === null) {
      session.close();
      stdout.write(`${session.id}\n`);
      if (!quiet) reporter.tell(`The session runs detached. To attach: \`${comeBack}\``);
      return null;
    }
    const end = await runAttached(attachment, session, this.#lifetime);
    if (end === null) attachment.tellDetached(`Detached. The session goes on. To attach: \`${comeBack}\``);
    return end;
  }

  /** @throws Failure `keepRefused`. */
  #refuseLongKeep({ agents, node }: FoundTarget): void {
    const { agent, keepSeconds } = this.#options;
    refuseLongKeep(keepSeconds, () => {
      const warm = findWarmAgent(agents, { node, options: agent });
      return warm !== null && isResident(warm);
    });
  }

  /** Opens the session; of a start that is to be caught, when it has come. */
  async #openInTime(
    api: ApiClient,
    found: FoundTarget,
    attachment: TerminalAttachment | null,
  ): Promise<ClientSession> {
    const { signal } = this.#lifetime;
    const { catch: caught, quiet } = this.#options;
    const { pod, target } = found;
    if (caught === null || pod === null || target.kind === 'node')
      return await this.#open(api, found, attachment, signal);
    const { container } = target;
    const around = { progress: this.#progress, context: this.#context };
    const awaited = { pod, container, waitSeconds: caught.waitSeconds, quiet };
    const wait = watchStart(api, awaited, around, signal);
    try {
      return await this.#open(api, found, attachment, wait.signal);
    } finally {
      wait.stop();
    }
  }

  #noteHold(target: SessionTarget): void {
    const { catch: caught, command, quiet } = this.#options;
    if (caught === null || quiet || target.kind === 'node') return;
    const { container, pod } = target;
    const until =
      command === null
        ? '`thaw` lets it go on, and so does a debugger or tracer that attaches'
        : 'it goes on when the tool has attached, by `thaw`, or when the session ends';
    this.#context.reporter.note(
      `container "${container}" of pod "${pod}" is held at the start of its program for at most ${caught.holdSeconds} s: ${until}`,
    );
  }

  async #open(
    api: ApiClient,
    found: FoundTarget,
    attachment: TerminalAttachment | null,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    const { openSession } = await loadSessionModules();
    const origin = { client: this.#clientID, kubeContext: api.connection.context };
    const spec = describeSessionBody(found, this.#options, origin, this.#context);
    const { agent, createNamespace } = this.#options;
    let { priorityClass } = agent;
    let isNamespaceMade = false;
    for (;;) {
      const described = this.#describeAgent(found, { ...agent, priorityClass }, signal);
      try {
        // Not raced: when the run is interrupted, openSession first deletes what it has made.
        return await openSession(api, described, spec, attachment?.sinks ?? null);
      } catch (error) {
        this.#progress.clear();
        if (error instanceof NamespaceMissingError && !isNamespaceMade) {
          await confirmNamespace(api, error, { createNamespace }, this.#context, signal);
          isNamespaceMade = true;
        } else if (error instanceof NodeRefusalError)
          priorityClass = await confirmPriority(error, priorityClass, this.#context, signal);
        else throw error;
      }
    }
  }

  #describeAgent(
    { node, target, agents, connect }: FoundTarget,
    options: AgentOptions,
    signal: AbortSignal,
  ): SessionAgent {
    const { timeoutMs } = this.#options;
    return {
      node,
      nodeIsTarget: target.kind === 'node',
      options,
      known: agents,
      ...(connect && { connect }),
      timeoutMs,
      onProgress: (step) => {
        this.#progress.show(step);
        if (this.#options.verbosity >= stepLevel) this.#context.reporter.tell(step);
      },
      signal,
    };
  }

  #describeAttachment(): AttachmentOptions {
    const options = this.#options;
    return {
      role: 'starter',
      hasTerminal: options.terminal,
      hasStdin: options.stdin,
      stdout: this.#stdout,
      compress: options.compress,
      keepSeconds: options.keepSeconds,
      detachKeys: options.detachKeys,
      recording: this.#recording && { to: this.#recording, withInput: options.recordInput },
      quiet: options.quiet,
      verbosity: options.verbosity,
    };
  }

  async #startRecording(target: SessionTarget): Promise<void> {
    const { recordFile, terminal, command } = this.#options;
    if (recordFile === null || this.#recording) return;
    const { startRecording } = await import('../../attached/recording.ts');
    const recording = { file: recordFile, session: { target, command }, hasTerminal: terminal };
    this.#recording = await startRecording(recording, this.#lifetime, this.#context);
  }
}

/** What only a session needs, with http2 and ws: not loaded before, as start-up is most of what a short command costs. */
async function loadSessionModules() {
  const [{ openSession }, { TerminalAttachment }, { runAttached }] = await Promise.all([
    import('../../../cluster/session/open-session.ts'),
    import('../../attached/terminal-attachment.ts'),
    import('../../attached/attached-run.ts'),
  ]);
  return { openSession, TerminalAttachment, runAttached };
}
