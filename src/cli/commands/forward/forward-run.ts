import type { Socket } from 'node:net';
import { findTargets } from '../../../cluster/target/selection/find-targets.ts';
import { labelTarget, type SelectedTarget } from '../../../cluster/target/selection/target-selection.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import type { ClientSession } from '../../../cluster/session/client-session.ts';
import { raceAbort } from '../../../failure/abort-race.ts';
import { Failure } from '../../../failure/failure.ts';
import {
  ChannelMultiplexer,
  ConnectError,
  type ForwardPlace,
} from '../../../port-forward/channel-multiplexer.ts';
import { joinStreams } from '../../../port-forward/joined-streams.ts';
import { readSocksRequest, sendSocksReply, socksReplies } from '../../../port-forward/socks-handshake.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { openApi } from '../../options/access-options.ts';
import { type Lifetime, runUntilInterrupted } from '../../process/lifetime.ts';
import { describeToolEnd } from '../open/start/tool-end.ts';
import { ToolMessages } from '../open/start/tool-messages.ts';
import { ToolSessions } from '../open/start/tool-sessions.ts';
import type { ForwardRequest } from './forward-options.ts';
import { describePlace, formatAddress, parseForwardRule, parseReverseRule } from './forward-rule.ts';
import { connectLocally, listenLocally } from './local-sockets.ts';
import { RefusalReport } from './refusal-report.ts';

const forwardPorts = '/usr/local/lib/crashcart/forward/forward-ports';
/** A client that connects and says nothing holds a descriptor. */
const socksLimitMs = 30_000;

/**
 * Forwards ports until Ctrl-C, or the end of the target.
 * @returns 0 after Ctrl-C.
 * @throws Failure `portUnavailable`, `targetNotReady` when the target ends, and any code of a session; UsageError; ApiError;
 *   InterruptedError before the ports are open.
 */
export async function runForward(request: ForwardRequest, context: Context): Promise<number> {
  return await runUntilInterrupted(async (_signal, lifetime) => {
    const api = await openApi(request, context);
    return await new ForwardRun(api, request, lifetime, context).run();
  });
}

class ForwardRun {
  readonly #api: ApiClient;
  readonly #request: ForwardRequest;
  readonly #lifetime: Lifetime;
  readonly #context: Context;
  readonly #line: ProgressLine;
  readonly #multiplexer = new ChannelMultiplexer();
  readonly #refusals: RefusalReport;

  constructor(api: ApiClient, request: ForwardRequest, lifetime: Lifetime, context: Context) {
    this.#api = api;
    this.#request = request;
    this.#lifetime = lifetime;
    this.#context = context;
    this.#line = new ProgressLine(context.stderr, { quiet: request.quiet });
    this.#refusals = new RefusalReport(context.reporter);
    lifetime.defer(() => this.#line.clear());
    lifetime.defer(() => this.#multiplexer.close('the command has ended'));
  }

  async run(): Promise<number> {
    const { signal } = this.#lifetime;
    const reverse = this.#request.reverse.map(parseReverseRule);
    // First: a port that is taken is told before anything is started.
    const opened = await this.#listen();
    const [selected, sessions] = await Promise.all([this.#findTarget(), this.#prepare()]);
    this.#lifetime.defer(() => sessions.close());
    const messages = new ToolMessages();
    const session = await this.#openSession(sessions, selected, messages);
    const ending = session.outcome.finally(() => this.#multiplexer.close('the session has ended'));
    const sending = session.sendStdin(this.#multiplexer.output);
    sending.catch(() => undefined);
    ending.catch(() => undefined);
    await raceAbort(Promise.race([this.#multiplexer.ready, ending]), signal);
    for (const { target, local } of reverse) {
      const where = `port ${formatAddress(target.host, target.port)} of the target`;
      const listening = this.#multiplexer.listen(target, (channel) => {
        const socket = connectLocally(local);
        socket.once('error', ({ message }) =>
          this.#refusals.tell(formatAddress(local.host, local.port), message),
        );
        joinStreams(socket, channel);
      });
      const port = await listening.catch((error: ConnectError) => {
        throw new Failure('portUnavailable', `${where} can't be listened on: ${error.message}`);
      });
      opened.push(
        `${formatAddress(target.host, port)} of the target -> ${formatAddress(local.host, local.port)}`,
      );
    }
    this.#line.clear();
    for (const line of opened) this.#context.stdout.write(`Forwarding from ${line}\n`);
    const stopped = new AbortController();
    const undoIntercept = this.#lifetime.interceptInterrupts(() => {
      if (stopped.signal.aborted) return false;
      stopped.abort();
      return true;
    });
    try {
      const outcome = await raceAbort(ending, AbortSignal.any([signal, stopped.signal]));
      const label = labelTarget(selected, false);
      if (outcome.kind === 'detached') throw new Failure('takenOver', `another client has taken the session`);
      const message = messages.read().trim();
      const why = await describeToolEnd(this.#api, selected, { end: outcome.end, message });
      throw new Failure('targetNotReady', `${label} is not forwarded to any more: ${why}`);
    } catch (error) {
      if (!stopped.signal.aborted) throw error;
      return 0;
    } finally {
      undoIntercept();
    }
  }

  /** @returns a line for each port. */
  async #listen(): Promise<string[]> {
    const { rules, socks, addresses } = this.#request;
    const listen = async (port: number, what: string, accept: (socket: Socket) => void, names: string[]) => {
      const listeners = await listenLocally(names, port, accept);
      this.#lifetime.defer(() => {
        for (const { server } of listeners) server.close();
      });
      return listeners.map(({ address, port: chosen }) => `${formatAddress(address, chosen)} -> ${what}`);
    };
    const names = addresses.length === 0 ? ['localhost'] : addresses;
    const lines: string[] = [];
    for (const { localPort, place } of rules ?? []) {
      const accept = (socket: Socket) => void this.#connect(socket, place);
      lines.push(...(await listen(localPort, describePlace(place), accept, names)));
    }
    for (const text of socks) {
      const { localPort } = parseForwardRule(text);
      const accept = (socket: Socket) => void this.#serveSocks(socket);
      lines.push(...(await listen(localPort, "the target's network (SOCKS5)", accept, names)));
    }
    return lines;
  }

  async #findTarget(): Promise<SelectedTarget> {
    const { target, container } = this.#request;
    const selection = { names: [target], container, selector: null, all: false };
    const rest = { allNamespaces: false, allContainers: false };
    const { targets, refused } = await findTargets(
      this.#api,
      { ...selection, ...rest },
      this.#lifetime.signal,
    );
    const [first] = targets;
    if (first === undefined) throw refused[0]?.error ?? new UsageError('no target');
    return first;
  }

  async #prepare(): Promise<ToolSessions> {
    const around = { context: this.#context, progress: this.#line, signal: this.#lifetime.signal };
    return await ToolSessions.prepare(this.#api, { ...this.#request, compress: false }, around);
  }

  async #openSession(
    sessions: ToolSessions,
    selected: SelectedTarget,
    messages: ToolMessages,
  ): Promise<ClientSession> {
    const { quiet } = this.#request;
    const { reporter } = this.#context;
    const sinks = {
      ...{ stdout: this.#multiplexer.input, stderr: messages },
      onLost: ({ message }: Failure) => void (quiet || reporter.note(`${message}; the connections wait`)),
      onRestored: () => void (quiet || reporter.note('the connections go on')),
      onGap: () => undefined,
    };
    const run = { command: [forwardPorts], stdin: true };
    const session = await sessions.open(selected, run, sinks, this.#lifetime.signal);
    this.#lifetime.defer(async (limit) => {
      await session.delete(limit).catch(() => undefined);
      session.close();
    });
    return session;
  }

  async #connect(socket: Socket, place: ForwardPlace): Promise<void> {
    socket.on('error', () => undefined);
    try {
      joinStreams(socket, await this.#multiplexer.connect(place));
    } catch (error) {
      socket.resetAndDestroy();
      this.#refusals.tell(`${describePlace(place)} in the target`, (error as Error).message);
    }
  }

  async #serveSocks(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    const limit = AbortSignal.any([this.#lifetime.signal, AbortSignal.timeout(socksLimitMs)]);
    try {
      const place = await readSocksRequest(socket, limit);
      if (place === null) return;
      const channel = await this.#multiplexer.connect(place).catch((error: unknown) => {
        sendSocksReply(socket, error instanceof ConnectError ? socksReplies.refused : socksReplies.failed);
        socket.end();
        this.#refusals.tell(`${describePlace(place)} in the target`, (error as Error).message);
        return null;
      });
      if (channel === null) return;
      sendSocksReply(socket, socksReplies.succeeded);
      joinStreams(socket, channel);
    } catch {
      // Not a client of SOCKS5, or one that has gone.
      socket.destroy();
    }
  }
}
