import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { NamespaceMissingError } from '../../../cluster/agent-pods/agent-jobs.ts';
import { type AgentRequest, findWarmAgent } from '../../../cluster/agent-pods/start-agent.ts';
import type { AgentSession, SessionRequest } from '../../../cluster/session/open-session.ts';
import { ApiClient } from '../../../cluster/api/api-client.ts';
import { isResident, refuseLongKeep } from '../../../cluster/agent-pods/resident/session-keep.ts';
import { explainEndedTarget } from '../../../cluster/target/target-end.ts';
import type { SessionEnd } from '../../../session-api/session-end.ts';
import { nameContext } from '../../../session-api/command-setup.ts';
import { describeTarget, type SessionTarget } from '../../../session-api/session-spec.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import { getWindowSize } from '../../../terminal/window-size.ts';
import { loadAccess } from '../../options/access-options.ts';
import { formatAttachCommand } from '../../attached/attach-hint.ts';
import { stepLevel } from '../../options/verbosity.ts';
import type { Context } from '../../context.ts';
import { watchInterrupts } from '../../interrupts.ts';
import { Lifetime } from '../../lifetime.ts';
import type { Recording } from '../../attached/recording.ts';
import type { SessionAttachment } from '../../attached/terminal-attachment.ts';
import { lookUpLimitMs, reportSessionEnd } from '../../attached/session-end-report.ts';
import { confirmNamespace } from './confirm-namespace.ts';
import { findTarget, type FoundTarget } from './find-target.ts';
import { findNextInstance } from './wait-for-restart.ts';
import type { RequestedSession, SessionOptions } from './session-options.ts';
import { leaveEvent } from './leave-event.ts';

/** @returns the command's exit code. @throws Failure, ProblemError. */
export async function runSession(requested: RequestedSession, context: Context): Promise<number> {
  const options = await completeChoice(requested, context);
  if (options.dryRun !== null) {
    const { showSession } = await import('./session-dry-run.ts');
    return await showSession(options, options.dryRun, context);
  }
  const run = new SessionRun(options, context);
  try {
    if (options.outputFile === null) return await run.run(null);
    const { writeOutputFile } = await import('../../attached/output-file.ts');
    return await writeOutputFile(options.outputFile, context.reporter, (output) => run.run(output));
  } finally {
    await run.close();
  }
}

/** The prompt and what it imports are loaded when they are needed. */
async function completeChoice(requested: RequestedSession, context: Context): Promise<SessionOptions> {
  const { target } = requested;
  if (target !== null) return { ...requested, target };
  const { chooseTarget } = await import('./choose-target.ts');
  return await chooseTarget(requested, context);
}

/** One run of the command: one session, or, following its target, one after the other. */
class SessionRun {
  readonly #options: SessionOptions;
  readonly #context: Context;
  readonly #lifetime = new Lifetime();
  readonly #progress: ProgressLine;
  readonly #clientID = randomUUID();
  readonly #ignoreInterrupts: () => void;
  #output: Writable | null = null;
  #attachment: SessionAttachment | null = null;
  #recording: Recording | null = null;

  constructor(options: SessionOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#progress = new ProgressLine(context.stderr, !options.quiet);
    this.#ignoreInterrupts = watchInterrupts(
      (reason) => this.#lifetime.end(reason),
      () => this.#attachment?.passInterrupt() ?? false,
    );
  }

  /** @param output where stdout goes; null: our own. */
  async run(output: Writable | null): Promise<number> {
    this.#output = output;
    const { follow } = this.#options;
    const api = new ApiClient(await this.#lifetime.race(this.#loadConnection()));
    const find = () => findTarget(api, this.#options, this.#context, this.#lifetime.signal);
    const finding = find();
    // With http2 and ws: loaded while the API server's first answers are on their way.
    const loading = Promise.all([
      import('../../../cluster/session/open-session.ts'),
      import('../../session-join.ts'),
    ]);
    finding.catch(() => undefined);
    let found = await Promise.all([finding, loading]).then(([first]) => first);
    for (;;) {
      const end = await this.#enter(api, found);
      if (end === null) return 0;
      const { target } = found;
      const isFollowed = follow && end.reason === 'targetEnded' && target.kind === 'container';
      const code = await reportSessionEnd(end, api, target, this.#context.reporter);
      if (!isFollowed) return code;
      this.#progress.show(`waiting for the next instance of container ${target.container}`);
      await findNextInstance(api, this.#options, target, this.#lifetime.signal);
      found = await find();
    }
  }

  async close(): Promise<void> {
    this.#progress.clear();
    await this.#lifetime.close();
    this.#ignoreInterrupts();
  }

  /** @returns how the session ended; null when it was left running. */
  async #enter(api: ApiClient, found: FoundTarget): Promise<SessionEnd | null> {
    const { quiet, agent, terminal } = this.#options;
    const { stdout } = this.#context;
    this.#refuseLongKeep(found);
    await this.#startRecording(found.target);
    const { session, result } = await this.#openSession(api, found);
    this.#progress.clear();
    const comeBack = formatAttachCommand(session.id, agent.namespace);
    // The session does not wait for it.
    const event = leaveEvent(api, found, this.#options, this.#context);
    this.#lifetime.defer(() => event);
    if (result === null) {
      session.connection.close();
      stdout.write(`${session.id}\n`);
      if (!quiet) this.#say(`It runs detached: \`${comeBack}\``);
      return null;
    }
    this.#attachment = result;
    const close = this.#lifetime.defer(() => result.close());
    const keep = this.#lifetime.defer((signal) => (result.isLeaving ? undefined : result.delete(signal)));
    const outcome = await this.#lifetime.race(result.run());
    keep();
    close();
    result.close();
    this.#attachment = null;
    if (outcome.kind === 'ended') return outcome.end;
    if (terminal) this.#context.stderr.write('\n');
    if (!quiet) this.#say(`Detached. It goes on: \`${comeBack}\``);
    return null;
  }

  /** @throws Failure `keepRefused`. */
  #refuseLongKeep({ agents, node }: FoundTarget): void {
    const { agent, keepSeconds } = this.#options;
    refuseLongKeep(keepSeconds, () => {
      const warm = findWarmAgent(agents, { node, options: agent, excluded: new Set() });
      return warm !== null && isResident(warm);
    });
  }

  async #openSession(
    api: ApiClient,
    found: FoundTarget,
  ): Promise<{ session: AgentSession; result: SessionAttachment | null }> {
    const [{ openSession }, { joinSession }] = await Promise.all([
      import('../../../cluster/session/open-session.ts'),
      import('../../session-join.ts'),
    ]);
    const { signal } = this.#lifetime;
    const options = this.#options;
    const choice = { node: found.node, options: options.agent, excluded: new Set<string>() };
    const request: AgentRequest = {
      ...choice,
      nodeIsTarget: found.target.kind === 'node',
      timeoutMs: options.timeoutMs,
      onProgress: (step) => {
        this.#progress.show(step);
        this.#traceStep(step);
      },
      signal,
    };
    const spec = this.#describeSession(found, api.connection.context);
    const join = (session: AgentSession) => {
      if (options.detach) return null;
      const recording = this.#recording && { to: this.#recording, withInput: options.recordInput };
      return joinSession(
        session,
        {
          client: this.#clientID,
          agentNamespace: options.agent.namespace,
          audit: spec.audit,
          hasTerminal: options.terminal,
          hasStdin: options.stdin,
          isNew: true,
          output: this.#output,
          loadConnection: () => this.#loadConnection(),
          traceStep: (line) => this.#traceStep(line),
          recording,
          signal,
          ...options,
        },
        this.#context,
      );
    };
    const open = () => openSession(api, request, found.agents, spec, join);
    // Not raced: when it is aborted it first deletes what it has made.
    return await open().catch(async (error: unknown) => {
      if (!(error instanceof NamespaceMissingError))
        throw await explainEndedTarget(api, found.target, error, AbortSignal.timeout(lookUpLimitMs));
      this.#progress.clear();
      await confirmNamespace(api, error, options, this.#context, signal);
      return open();
    });
  }

  #loadConnection() {
    return loadAccess(this.#options, this.#context);
  }

  #describeSession({ target, claimedUser }: FoundTarget, context: string | null): SessionRequest {
    const options = this.#options;
    const { stdout, env } = this.#context;
    return {
      target,
      command: options.command,
      terminal: options.terminal
        ? { ...getWindowSize(stdout), term: env['TERM']?.slice(0, 64) || 'xterm' }
        : null,
      setup: { ...options.setup, context: nameContext(context), quiet: options.quiet },
      stdin: options.stdin,
      client: this.#clientID,
      graceSeconds: options.graceSeconds,
      keepSeconds: options.detach ? options.keepSeconds : null,
      outputBufferBytes: options.outputBufferBytes,
      audit: { claimedUser, reason: options.reason },
    };
  }

  async #startRecording(target: SessionTarget): Promise<void> {
    const { recordFile, terminal, command } = this.#options;
    if (recordFile === null || this.#recording) return;
    const { startRecording } = await import('../../attached/recording.ts');
    const title = `${describeTarget(target)}: ${command?.join(' ') ?? 'shell'}`;
    const recording = { file: recordFile, title, hasTerminal: terminal };
    this.#recording = await startRecording(recording, this.#lifetime, this.#context);
  }

  #traceStep(line: string): void {
    if (this.#options.verbosity >= stepLevel) this.#say(line);
  }

  #say(line: string): void {
    this.#context.reporter.tell(line);
  }
}
