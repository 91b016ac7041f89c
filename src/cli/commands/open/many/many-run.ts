import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import { listAgents } from '../../../../cluster/agent-pods/find-agent.ts';
import type { ApiClient } from '../../../../cluster/api/api-client.ts';
import { findUserName } from '../../../../cluster/api/user-name.ts';
import { NodeAgents } from '../../../../cluster/session/shared/node-agents.ts';
import { findTargets } from '../../../../cluster/target/selection/find-targets.ts';
import { takeTurns } from '../../../../cluster/target/selection/node-turns.ts';
import { labelTarget, type SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import { watchTargets } from '../../../../cluster/target/selection/watch-targets.ts';
import { raceAbort } from '../../../../failure/abort-race.ts';
import { Failure } from '../../../../failure/failure.ts';
import { ProgressLine } from '../../../../terminal/progress.ts';
import type { Context } from '../../../context.ts';
import { openApi } from '../../../options/access-options.ts';
import { stepLevel } from '../../../options/verbosity.ts';
import { type Lifetime, runUntilInterrupted } from '../../../process/lifetime.ts';
import type { RequestedSession } from '../session-request.ts';
import { confirmStart } from '../start/confirmed-start.ts';
import { ManyOutputs } from './many-outputs.ts';
import type { ManyRequest } from './many-request.ts';
import { chooseExitCode, reportFailures, type TargetResult } from './run-results.ts';
import { TargetRun } from './target-run.ts';

/** Limit of ending one session. */
const endLimitMs = 3000;
/** After this time, what has failed is told, even if others still run. */
const earlyMs = 2000;

/**
 * Runs one command in many targets.
 * @returns the exit code: the worst of the targets'.
 * @throws Failure, any code of this program, when nothing could begin, or our output can't be written; ApiError;
 *   InterruptedError.
 */
export async function runInMany(
  options: RequestedSession,
  request: ManyRequest,
  context: Context,
): Promise<number> {
  return await runUntilInterrupted(async (_signal, lifetime) => {
    const api = await openApi(options, context);
    return await new ManyRun(api, options, request, lifetime, context).run();
  });
}

class ManyRun {
  readonly #api: ApiClient;
  readonly #options: RequestedSession;
  readonly #request: ManyRequest;
  readonly #lifetime: Lifetime;
  readonly #context: Context;
  readonly #outputs: ManyOutputs;
  readonly #progress: ProgressLine;
  readonly #results: TargetResult[] = [];
  /** The targets whose command runs, until it is ended as well where that is due. */
  readonly #running = new Set<Promise<void>>();
  /** Ends the sessions when one has failed. */
  readonly #failFast = new AbortController();
  /** Of what has failed, and is told while the others run. */
  readonly #timers = new Set<NodeJS.Timeout>();
  #turn = 0;

  constructor(
    api: ApiClient,
    options: RequestedSession,
    request: ManyRequest,
    lifetime: Lifetime,
    context: Context,
  ) {
    this.#api = api;
    this.#options = options;
    this.#request = request;
    this.#lifetime = lifetime;
    this.#context = context;
    this.#progress = new ProgressLine(context.stderr, { quiet: options.quiet });
    this.#outputs = new ManyOutputs(request, this.#progress, context);
    lifetime.defer(() => this.#progress.clear());
  }

  async run(): Promise<number> {
    const { signal } = this.#lifetime;
    const { namespace } = this.#options.agent;
    const finding = this.#request.watch ? null : findTargets(this.#api, this.#request.selection, signal);
    const [found, known, claimedUser] = await Promise.all([
      finding,
      listAgents(this.#api, namespace, signal),
      findUserName(this.#api, signal),
    ]);
    const agents = this.#connectAgents(known, signal);
    this.#lifetime.defer(() => this.#stopTimers());
    this.#lifetime.defer(() => agents.close());
    this.#lifetime.defer((limit) => this.#waitForAll(limit));
    const { maxAtOnce } = this.#request;
    const targets = found === null ? this.#watch(signal) : takeTurns(found.targets);
    if (found !== null) {
      this.#tellEnded(found.endedPods);
      for (const { name, error } of found.refused) {
        const result = describeFailure(name, error);
        await this.#outputs.refuse(name, result);
        this.#note(result);
      }
      if (found.targets.length > maxAtOnce) this.#tellLine(found.targets.length);
    }
    const origin = { client: randomUUID(), kubeContext: this.#api.connection.context, claimedUser };
    const run = async (selected: SelectedTarget) => {
      const running = this.#runOne(selected, agents, origin);
      this.#running.add(running);
      try {
        await running;
      } catch (error) {
        // What is not the failure of a target, as that nobody reads our output, ends all.
        this.#lifetime.end(error as Error);
        throw error;
      } finally {
        this.#running.delete(running);
      }
    };
    if (!this.#failFast.signal.aborted) await pMap(targets, run, { concurrency: maxAtOnce });
    this.#progress.clear();
    this.#stopTimers();
    const total = found === null ? this.#results.length : found.targets.length + found.refused.length;
    reportFailures(this.#results, total, this.#context.reporter);
    return chooseExitCode(this.#results);
  }

  #connectAgents(known: Awaited<ReturnType<typeof listAgents>>, signal: AbortSignal): NodeAgents {
    const { agent, timeoutMs, createNamespace, verbosity } = this.#options;
    return new NodeAgents(this.#api, {
      ...{ options: agent, known, timeoutMs, signal },
      retry: confirmStart(this.#api, { createNamespace }, this.#progress, this.#context, signal),
      onProgress: (step) => {
        this.#outputs.showProgress(step);
        if (verbosity >= stepLevel) this.#context.reporter.tell(step);
      },
    });
  }

  async #runOne(
    selected: SelectedTarget,
    agents: NodeAgents,
    origin: { client: string; kubeContext: string | null; claimedUser: string | null },
  ): Promise<void> {
    const { signal: failed } = this.#failFast;
    if (failed.aborted) return;
    const label = labelTarget(selected, this.#request.selection.allNamespaces);
    const output = this.#outputs.open(selected, label, this.#turn++);
    const signal = AbortSignal.any([this.#lifetime.signal, failed]);
    const around = { label, output, origin, mayGo: this.#request.watch };
    const run = new TargetRun(this.#api, agents, selected, around, this.#options, this.#context);
    try {
      const result = await run.run(signal);
      await output.end(result);
      this.#note(result);
    } catch (error) {
      this.#lifetime.signal.throwIfAborted();
      // Nobody reads what the others write, either.
      this.#outputs.throwIfBroken();
      if (failed.aborted) return;
      const result = describeFailure(label, error);
      await output.end(result);
      this.#note(result);
    } finally {
      // Does nothing when the command has ended.
      await run.delete(AbortSignal.timeout(endLimitMs)).catch(() => undefined);
      run.close();
    }
  }

  /** What has failed is told at the end, and before that if the others run for long. */
  #note(result: TargetResult): void {
    const { label, exitCode, message } = result;
    this.#results.push(result);
    if (exitCode === 0) return;
    const tell = () => this.#context.reporter.error(`${label}: ${message ?? `exit code ${exitCode}`}`);
    this.#timers.add(setTimeout(tell, earlyMs));
    if (this.#request.failFast) this.#failFast.abort(new Error(`${label} has failed`));
  }

  #watch(signal: AbortSignal): AsyncIterable<SelectedTarget> {
    const { selection } = this.#request;
    const tell = (message: string) => {
      if (!this.#options.quiet) this.#context.reporter.note(message);
    };
    return watchTargets(this.#api, selection, (name) => tell(`${name} has gone`), signal);
  }

  /** Each ends its own session, also one whose start is not answered yet. */
  async #waitForAll(limit: AbortSignal): Promise<void> {
    await raceAbort(Promise.allSettled(this.#running), limit);
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #tellEnded(count: number): void {
    if (count > 0 && !this.#options.quiet)
      this.#context.reporter.note(
        `${count === 1 ? 'one pod that matches has' : `${count} pods that match have`} ended`,
      );
  }

  #tellLine(count: number): void {
    if (!this.#options.quiet)
      this.#context.reporter.note(
        `${count} targets, ${this.#request.maxAtOnce} at once (--max): the others begin when one has ended`,
      );
  }
}

function describeFailure(label: string, error: unknown): TargetResult {
  if (!(error instanceof Failure)) throw error;
  return { label, exitCode: error.exitCode, message: error.message, hint: error.hint };
}
