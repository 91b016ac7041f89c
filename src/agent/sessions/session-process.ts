import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants as osConstants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { LeftProcess, SessionEnd } from '../../session-api/session-end.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionSpec, SessionTarget } from '../../session-api/session-spec.ts';
import type { AgentConfig } from '../agent-config.ts';
import { type CommandStart, prepareCommand } from '../bridge/command-start.ts';
import { buildEnterCommand, buildEnvironment } from '../bridge/enter-command.ts';
import { haltSignal } from '../bridge/entering-contract.ts';
import { waitForStart } from '../bridge/entering-report.ts';
import { enteredNamespaces, type PinnedTarget, pinProcess, pinTarget } from '../bridge/pinned-target.ts';
import { dropScheme } from '../bridge/container-process.ts';
import { CommandEndReport } from '../bridge/command-end-report.ts';
import { listChildren } from '../bridge/process-identity.ts';
import { pinRemains } from '../bridge/remains/ended-target.ts';
import { createSessionDirectory } from '../bridge/session-directory.ts';
import { readTargetFiles } from '../bridge/target-files.ts';
import { type CaughtStart, catchStart } from '../catch/caught-start.ts';
import { joinHold } from '../catch/hold-file.ts';
import { decideSessionRoom } from '../cgroup/memory-limit.ts';
import { readGroupLimit } from '../cgroup/session-group.ts';
import { createSessionCgroup, type SessionCgroup } from '../cgroup/session-cgroup.ts';
import { maxSessionProcesses, type SessionLimits } from '../cgroup/session-limits.ts';
import type { CommandProcess, EndReason } from './command-process.ts';
import { describeEnd } from './end-description.ts';
import { openPipes, type OpenedStreams, openTerminal } from './streams/command-streams.ts';
import { chooseTerminalType } from './streams/terminal-type.ts';
import { isRunning, waitForInit } from './init-wait.ts';
import { reportError } from './session-errors.ts';

const targetPollMs = 200;
/** A slow node takes seconds. The client, which waits 30 s for an answer, is to be told the step. */
const enteringLimitMs = 20_000;
/** Most sessions leave nothing running: session-init has ended before the agent would help. */
const helpAfterMs = 50;
const lastWordsLimitMs = 500;
const killedExitCode = 128 + osConstants.signals.SIGKILL;

/** Undoes one step of the preparation. */
type Undo = () => Promise<void> | void;

/** What a process is made of, once it is prepared. */
interface Parts {
  spec: SessionSpec;
  config: AgentConfig;
  target: PinnedTarget;
  command: CommandStart;
  term: string;
  limits: SessionLimits;
  scratchBytes: number;
  cgroup: SessionCgroup;
  directory: string;
  streams: OpenedStreams;
  warnings: string[];
}

/** A command in a target, with its cgroup and its folder. Made by {@link SessionProcess.prepare}. */
export class SessionProcess implements CommandProcess {
  readonly streams: OpenedStreams;
  readonly #parts: Parts;
  /** Run in reverse order by `release`. */
  readonly #undo: Undo[];
  readonly #ended = Promise.withResolvers<SessionEnd>();
  #child: ChildProcess | null = null;
  #commandEnd: CommandEndReport | null = null;
  #isHalted = false;
  /** By clients, through the agent. */
  readonly #sentSignals = new Set<number>();
  #leftProcesses: LeftProcess[] = [];
  /** The first reason wins. */
  #endReason: EndReason | null = null;

  private constructor(parts: Parts, undo: Undo[]) {
    this.#parts = parts;
    this.#undo = undo;
    this.streams = parts.streams;
    // Nobody asks for the end of a command whose start has failed.
    this.#ended.promise.catch(() => undefined);
  }

  /**
   * Pins the target and makes what the command needs.
   * @param id the session's.
   * @throws ProblemError `containerNotFound`, `targetNotRunning`, `targetChanged`, `sandboxedRuntime`,
   *   `noRemains`, `targetNotResponding`, `invalidRequest`, `conflict`, `bridgeFailed`; errors of the file system; the signal's reason. Nothing is
   *   left then.
   */
  static async prepare(
    id: string,
    spec: SessionSpec,
    config: AgentConfig,
    signal: AbortSignal,
  ): Promise<SessionProcess> {
    const undo: Undo[] = [];
    try {
      return new SessionProcess(await prepareParts({ id, spec, config, undo, signal }), undo);
    } catch (error) {
      await runInReverse(undo);
      throw error;
    }
  }

  get target(): SessionTarget {
    return this.#parts.spec.target;
  }

  get warnings(): readonly string[] {
    return this.#parts.warnings;
  }

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const child = this.#spawn();
    // Not before the spawn: when the last descriptor of a pipe is closed, its stream ends.
    this.#parts.streams.releaseChildDescriptors();
    this.#child = child;
    this.#commandEnd = new CommandEndReport(child);
    const exited = new Promise<number>((resolve) => {
      child.once('exit', (code, name) =>
        resolve(code ?? 128 + (name === null ? 0 : osConstants.signals[name])),
      );
    });
    try {
      this.#parts.warnings.push(...(await waitForStart(child, enteringLimitMs, signal)));
    } catch (error) {
      throw await this.#abandonStart(child, error);
    }
    this.#supervise(child, exited).then(this.#ended.resolve, this.#ended.reject);
  }

  /** Goes through both inits to the command. */
  signal(name: NodeJS.Signals): void {
    this.#sentSignals.add(osConstants.signals[name]);
    this.#child?.kill(name);
  }

  async halt(why: EndReason): Promise<void> {
    this.#endReason ??= why;
    const child = this.#child;
    if (child?.pid !== undefined && isRunning(child)) {
      this.#isHalted = true;
      process.kill(child.pid, haltSignal);
      await this.#killOthers(child);
      await waitForInit(child, this.#parts.cgroup);
    }
    await this.#destroyCgroup();
  }

  async release(): Promise<void> {
    await runInReverse(this.#undo);
  }

  /**
   * Ends what was begun, so that the command never runs.
   * @param error what the start has failed with.
   * @returns what to throw: the error, or what has caused it.
   */
  async #abandonStart(child: ChildProcess, error: unknown): Promise<unknown> {
    const { target, cgroup } = this.#parts;
    const { memoryKills } = await cgroup.readLimitEvents();
    // It may not have joined the cgroup yet; it has no children then.
    child.kill('SIGKILL');
    await this.#destroyCgroup();
    if (this.#endReason !== null)
      return new ProblemError('conflict', describeAbandoned(this.#endReason.message));
    if (memoryKills > 0)
      return new ProblemError(
        'bridgeFailed',
        describeAbandoned("the session's memory limit was reached"),
        null,
        {
          cause: error,
        },
      );
    // With the first process of its PID namespace, others of the target end a moment later.
    if (await target.isAlive()) await delay(targetPollMs, undefined, { ref: false });
    return await target.check().then(
      () => error,
      (change: unknown) => change,
    );
  }

  #spawn(): ChildProcess {
    const { spec, config, target, command, term, scratchBytes, directory, streams } = this.#parts;
    const kind = target.process === null ? 'ended' : spec.target.kind;
    const { file, args } = buildEnterCommand(directory, scratchBytes, kind, command);
    const [stdin, stdout, stderr] = streams.childDescriptors;
    const namespaces = enteredNamespaces.map((_name, index) => target.namespaces[index]?.fd ?? 'ignore');
    return spawn(file, args, {
      cwd: '/',
      env: buildEnvironment(spec, term, target.innermostPID, config.node),
      // In the order of enteringDescriptors.
      stdio: [stdin, stdout, 'pipe', ...namespaces, stderr],
    });
  }

  /** Waits for the end of the command and finds out what ended it. */
  async #supervise(child: ChildProcess, exited: Promise<number>): Promise<SessionEnd> {
    const { target, cgroup, limits } = this.#parts;
    const watch = new AbortController();
    const watched = this.#watchTarget(watch.signal);
    const helped = this.#helpInit(child, watch.signal);
    const exitCode = this.#correct(await exited);
    watch.abort();
    await Promise.all([watched, helped]);
    // What it wrote before its end may be read after it.
    await Promise.race([this.#commandEnd?.heard, delay(lastWordsLimitMs, undefined, { ref: false })]);
    const events = await cgroup.readLimitEvents();
    // The kernel kills a PID namespace's processes only once the namespace's init is exiting (zap_pid_ns_processes).
    if (exitCode === killedExitCode && !(await target.isAlive()))
      this.#endReason ??= { reason: 'targetEnded', message: target.endMessage };
    // Background processes may hold the pipes. With them gone, the outputs end.
    await this.#destroyCgroup();
    const command = this.#commandEnd?.end ?? null;
    const facts = { exitCode, command, why: this.#endReason, sentSignals: this.#sentSignals, events, limits };
    return { ...describeEnd(facts), exitCode, leftProcesses: this.#leftProcesses };
  }

  /** Kills what the command has left running, once it has ended: session-init alone could not keep up with a fork bomb. */
  async #helpInit(child: ChildProcess, signal: AbortSignal): Promise<void> {
    await Promise.race([this.#commandEnd?.heard, once(signal, 'abort')]);
    await delay(helpAfterMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (isRunning(child)) await this.#killOthers(child);
  }

  /** Kills everything but both inits: session-init has to reap. */
  async #killOthers(child: ChildProcess): Promise<void> {
    const { pid = 0 } = child;
    await this.#parts.cgroup.killOthers([pid, ...(await listChildren(pid))]).catch(reportError);
  }

  async #destroyCgroup(): Promise<void> {
    try {
      this.#leftProcesses = await this.#parts.cgroup.destroy();
    } catch (error) {
      reportError(error);
    }
  }

  /**
   * Node reports exit code 0 for a process that a real-time signal has ended. Our own halt signal does so when it comes
   * before session-init handles it.
   */
  #correct(exitCode: number): number {
    return exitCode === 0 && this.#isHalted ? killedExitCode : exitCode;
  }

  /** The PID namespace may outlive the target (shareProcessNamespace, hostPID), so the target itself is watched. */
  async #watchTarget(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(targetPollMs, undefined, { signal, ref: false }).catch(() => undefined);
      const { target } = this.#parts;
      if (signal.aborted || (await target.isAlive())) continue;
      await this.halt({ reason: 'targetEnded', message: target.endMessage });
      return;
    }
  }
}

interface Preparation {
  id: string;
  spec: SessionSpec;
  config: AgentConfig;
  /** Gets what undoes each step, as soon as there is something to undo. */
  undo: Undo[];
  signal: AbortSignal;
}

async function prepareParts({ id, spec: asked, config, undo, signal }: Preparation): Promise<Parts> {
  const { spec, caught } = await catchIfAsked(asked, signal);
  // Last of all, whatever else fails or hangs: a hold has its own limit.
  undo.push(() => caught?.thaw());
  const target = await (caught === null
    ? pin(spec.target)
    : pinProcess(caught.pid, dropScheme(caught.containerID)));
  undo.push(() => target.close());
  signal.throwIfAborted();
  const reading = readTargetFiles(target.process, spec.setup, signal);
  // Its error is thrown below; until then nobody listens.
  reading.catch(() => undefined);
  const { memoryBytes, scratchBytes } = decideSessionRoom(spec.setup, config, await readGroupLimit());
  const limits = { memoryBytes, processes: maxSessionProcesses };
  const cgroup = await createSessionCgroup(id, limits);
  undo.push(async () => void (await cgroup.destroy()));
  const hold = caught === null ? null : joinHold(caught);
  const directory = await createSessionDirectory(id, target, cgroup.processFiles, hold);
  undo.push(() => directory.remove());
  const { nameFiles, environment, warnings } = await reading;
  const command = await prepareCommand(spec, target, config.toolbox, environment);
  await target.check();
  await directory.fill(nameFiles, command.environment);
  signal.throwIfAborted();
  const { terminal } = spec;
  const term = terminal === null ? 'dumb' : await chooseTerminalType(config.toolbox, terminal.term);
  const streams = terminal === null ? await openPipes(directory.path, command.user) : openTerminal(terminal);
  undo.push(() => {
    streams.releaseChildDescriptors();
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream?.destroy();
  });
  const parts = { spec, config, target, command, term, limits, scratchBytes, cgroup, streams, warnings };
  return { ...parts, directory: directory.path };
}

async function pin(target: SessionTarget): Promise<PinnedTarget> {
  return target.kind === 'container' && target.hasEnded ? await pinRemains(target) : await pinTarget(target);
}

/** @returns what is to be started, in the container that was caught. */
async function catchIfAsked(
  spec: SessionSpec,
  signal: AbortSignal,
): Promise<{ spec: SessionSpec; caught: CaughtStart | null }> {
  const { target } = spec;
  if (spec.catch === null || target.kind === 'node') return { spec, caught: null };
  const caught = await catchStart(spec.catch, target.container, signal);
  return { spec: { ...spec, target: { ...target, containerID: caught.containerID } }, caught };
}

function describeAbandoned(message: string | null): string {
  return `the target could not be entered: ${message ?? 'the session was ended'}`;
}

/** A step that fails does not keep the others from being undone. */
async function runInReverse(undo: Undo[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      reportError(error);
    }
  }
}
