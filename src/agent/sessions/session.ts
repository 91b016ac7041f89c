import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants as osConstants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { describeStack } from '../../failure/source-stack.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionEnd, SessionState } from '../../session-api/session-end.ts';
import type { OutputStreamName } from '../../session-api/session-routes.ts';
import type { SessionSpec, TerminalSize } from '../../session-api/session-spec.ts';
import type { AgentConfig } from '../agent-config.ts';
import { type CommandStart, prepareCommand } from '../bridge/command-start.ts';
import { buildEnterCommand, buildEnvironment } from '../bridge/enter-command.ts';
import { type PinnedTarget, pinTarget } from '../bridge/pinned-target.ts';
import { isProcessAlive } from '../bridge/process-identity.ts';
import { createSessionDirectory } from '../bridge/session-directory.ts';
import { decideMemoryLimit } from '../cgroup/memory-limit.ts';
import { createSessionCgroup, type SessionCgroup } from '../cgroup/session-cgroup.ts';
import { type CommandStreams, openPipes, openTerminal } from './command-streams.ts';
import { OutputBuffer } from './output-buffer.ts';
import { SessionLease } from './session-lease.ts';
import { StdinSink } from './stdin-sink.ts';

const targetPollMs = 200;
/** After the command's end its output must be drained; a device of the kernel may hold it for ever. */
const drainLimitMs = 30_000;
/** SIGRTMIN+3: session-init.c ends the session's processes and reaps them, none is left to the target. */
const haltSignal = 37;
/** Beyond, its cgroup is killed: the target may have stopped the init. */
const haltLimitMs = 1000;
const killedExitCode = 128 + osConstants.signals.SIGKILL;

/** One command in a target: its processes, its streams and how it ended. Made by {@link Session.start}. */
export class Session {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly lease: SessionLease;
  readonly startedAt = new Date();
  readonly ended: Promise<SessionEnd>;
  stdin!: StdinSink;
  /** Connections that read its output now. */
  clients = 0;
  /** Whether a client that held it knows how it ended. */
  isEndTold = false;
  /** Resolves then. */
  readonly endTold: Promise<void>;
  readonly #resolveEndTold: () => void;
  #endedAt: Date | null = null;
  #end: SessionEnd | null = null;
  #resolveEnd: (end: SessionEnd) => void;
  #outputs = new Map<OutputStreamName, OutputBuffer>();
  #resize: CommandStreams['resize'] = null;
  #child: ChildProcess | null = null;
  #cgroup: SessionCgroup | null = null;
  /** Whether its processes were told to end. */
  #isHalted = false;
  /** First reason wins: set by whoever ends the session before its command does. */
  #endReason: { reason: SessionEnd['reason']; message: string | null } | null = null;
  /** Runs in reverse order at the end, whichever way it came. */
  #undo: (() => Promise<void> | void)[] = [];

  private constructor(id: string, spec: SessionSpec) {
    this.id = id;
    this.spec = spec;
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    this.ended = promise;
    this.#resolveEnd = resolve;
    const told = Promise.withResolvers<void>();
    this.endTold = told.promise;
    this.#resolveEndTold = told.resolve;
    const { client, graceSeconds, keepSeconds } = spec;
    this.lease = new SessionLease({
      client,
      graceSeconds,
      keepSeconds,
      onExpired: (seconds) => void this.delete(`nobody was attached to it for ${seconds} s`),
    });
  }

  /**
   * Enters the target and starts the command.
   * @throws ProblemError when the target can't be entered; nothing is left then.
   */
  static async start(id: string, spec: SessionSpec, config: AgentConfig): Promise<Session> {
    const session = new Session(id, spec);
    try {
      await session.#start(config);
      session.lease.open();
    } catch (error) {
      session.lease.close();
      await session.#release();
      if (error instanceof ProblemError) throw error;
      throw new ProblemError('bridgeFailed', `the target could not be entered: ${(error as Error).message}`);
    }
    return session;
  }

  /** What has passed through, by stream. */
  get bytes(): Record<string, number> {
    const outputs = [...this.#outputs].map(([name, output]) => [name, output.bytes] as const);
    return { stdin: this.stdin.progress.received, ...Object.fromEntries(outputs) };
  }

  /** What its outputs take of the agent's memory. */
  get heldBytes(): number {
    return [...this.#outputs.values()].reduce((sum, output) => sum + output.heldBytes, 0);
  }

  get state(): SessionState {
    const { target, audit } = this.spec;
    return {
      id: this.id,
      target,
      command: this.spec.command,
      state: this.#end === null ? 'running' : 'ended',
      startedAt: this.startedAt.toISOString(),
      endedAt: this.#endedAt?.toISOString() ?? null,
      end: this.#end,
      claimedUser: audit.claimedUser,
      reason: audit.reason,
      hasTerminal: this.spec.terminal !== null,
      hasStdin: this.spec.stdin,
      outputBufferBytes: this.spec.outputBufferBytes,
      holder: this.lease.holder,
      clients: this.clients,
      expiresAt: this.lease.expiresAt?.toISOString() ?? null,
      isEndAwaited: this.isEndAwaited,
    };
  }

  /** Whether somebody wants to know how what was left running has ended, and finds it in no other place. */
  get isEndAwaited(): boolean {
    const hasEnded = this.#end !== null && this.#end.reason !== 'deleted';
    return hasEnded && this.lease.wasDetached && !this.isEndTold;
  }

  /** @throws ProblemError `notFound` for stderr of a session with a terminal. */
  output(name: OutputStreamName): OutputBuffer {
    const output = this.#outputs.get(name);
    if (output === undefined)
      throw new ProblemError('notFound', `the session has no ${name}: its terminal has one output`);
    return output;
  }

  /** To be called when a client that held it knows how it ended: nobody needs the agent for that any more. */
  markEndTold(): void {
    this.isEndTold = true;
    this.#resolveEndTold();
  }

  /** @throws ProblemError `conflict` when it has no terminal. */
  resize(size: TerminalSize): void {
    if (this.#resize === null) throw new ProblemError('conflict', 'the session has no terminal');
    this.#resize(size);
  }

  /** Sends a signal to the command, through both its inits. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends everything of it. Resolves when nothing is left. */
  async delete(message: string): Promise<void> {
    this.#endReason ??= { reason: 'deleted', message };
    await this.#halt();
    await this.ended;
  }

  async #start(config: AgentConfig): Promise<void> {
    const target = await pinTarget(this.spec.target);
    this.#undo.push(() => target.close());
    const start = await prepareCommand(this.spec, target, config.toolbox);
    await target.check();
    const memoryBytes = decideMemoryLimit(this.spec.setup, config);
    const cgroup = await createSessionCgroup(this.id, memoryBytes);
    this.#cgroup = cgroup;
    this.#undo.push(() => cgroup.destroy());
    const directory = await createSessionDirectory(this.id, target, cgroup.processFiles, start.environment);
    this.#undo.push(() => directory.remove());

    const { terminal } = this.spec;
    const streams = terminal === null ? await openPipes(directory.path, start.user) : openTerminal(terminal);
    this.#attachStreams(streams);
    let child: ChildProcess;
    try {
      child = this.#spawn(streams, directory.path, target, start, config);
    } finally {
      // Never before the spawn: the last descriptor of a pipe that closes would end the stream.
      streams.releaseChildDescriptors();
    }
    this.#child = child;
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    if (!this.spec.stdin) this.stdin.end();
    void this.#supervise(child, target, cgroup);
  }

  #attachStreams(streams: CommandStreams): void {
    this.stdin = new StdinSink(streams.stdin, this.spec.terminal !== null);
    this.#resize = streams.resize;
    const options = {
      capacityBytes: this.spec.outputBufferBytes,
      isTerminal: this.spec.terminal !== null,
    };
    this.#outputs.set('stdout', new OutputBuffer(streams.stdout, options));
    if (streams.stderr) this.#outputs.set('stderr', new OutputBuffer(streams.stderr, options));
    this.#undo.push(() => {
      this.stdin.close();
      for (const output of this.#outputs.values()) output.close();
    });
  }

  #spawn(
    streams: CommandStreams,
    directory: string,
    target: PinnedTarget,
    start: CommandStart,
    config: AgentConfig,
  ): ChildProcess {
    const { spec } = this;
    const { file, args } = buildEnterCommand(directory, spec.terminal !== null, start);
    return spawn(file, args, {
      cwd: '/',
      env: buildEnvironment(spec, target.innermostPID, config.node),
      stdio: [...streams.childDescriptors, ...target.namespaces.map((handle) => handle.fd)],
    });
  }

  /** Waits for the end, tells why it came, and leaves nothing behind. */
  async #supervise(child: ChildProcess, target: PinnedTarget, cgroup: SessionCgroup): Promise<void> {
    const exited = Promise.withResolvers<number>();
    child.once('exit', (code, signal) => {
      exited.resolve(code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]));
    });
    const watch = new AbortController();
    const watched = this.#watchTarget(target, watch.signal);
    const exitCode = await exited.promise;
    watch.abort();
    await watched;
    const memoryKills = await cgroup.countMemoryKills();
    if (exitCode === killedExitCode && memoryKills > 0) {
      this.#endReason ??= { reason: 'memoryLimit', message: 'the session’s memory limit was reached' };
    }
    // The kernel kills a PID namespace's processes only once its init is exiting (zap_pid_ns_processes).
    if (exitCode === killedExitCode && !(await isProcessAlive(target.process))) {
      this.#endReason ??= { reason: 'targetEnded', message: 'the target’s process ended' };
    }
    // Background processes may hold the pipes: with them gone, the outputs end.
    await cgroup.destroy().catch(reportError);
    await this.#drainOutputs();
    this.#end = { reason: 'exited', message: null, ...this.#endReason, exitCode: this.#correct(exitCode) };
    this.#endedAt = new Date();
    this.lease.close();
    this.#resolveEnd(this.#end);
    await this.#release();
  }

  /**
   * Node reports a process that a real-time signal has ended as one that exited with 0: that is our own halt, when it
   * comes before the session's init is there.
   */
  #correct(exitCode: number): number {
    return exitCode === 0 && this.#isHalted ? killedExitCode : exitCode;
  }

  /** Ends the session's processes, by their own init where it can. */
  async #halt(): Promise<void> {
    const child = this.#child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      this.#isHalted = true;
      process.kill(child.pid, haltSignal);
      await Promise.race([exited, delay(haltLimitMs, undefined, { ref: false })]);
    }
    await this.#cgroup?.destroy().catch(reportError);
  }

  async #drainOutputs(): Promise<void> {
    const outputs = [...this.#outputs.values()];
    // Whoever ended it does not read on, and what nobody reads would never be drained.
    if (this.#endReason?.reason === 'deleted') for (const output of outputs) output.close();
    const drained = Promise.all(outputs.map((output) => output.drain())).then(() => true);
    if (await Promise.race([drained, delay(drainLimitMs, false, { ref: false })])) return;
    const message = `not all of its output could be read within ${drainLimitMs / 1000} s`;
    this.#endReason ??= { reason: 'failed', message };
  }

  /** The PID namespace may outlive the target (shareProcessNamespace, hostPID): its own process is watched. */
  async #watchTarget(target: PinnedTarget, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(targetPollMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || (await isProcessAlive(target.process))) continue;
      this.#endReason ??= { reason: 'targetEnded', message: 'the target’s process ended' };
      await this.#halt();
      return;
    }
  }

  /** What was written stays readable. */
  async #release(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        reportError(error);
      }
    }
  }
}

function reportError(error: unknown): void {
  console.error(`session: ${describeStack(error)}`);
}
