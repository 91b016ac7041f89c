import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { listAddressNames } from '../../../cluster/addresses/address-names.ts';
import { findTargets } from '../../../cluster/target/selection/find-targets.ts';
import { requireTargets } from '../../../cluster/target/selection/target-selection.ts';
import { TimeMerge, type TimedItem } from '../../../packets/time-merge.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import type { Context } from '../../context.ts';
import { openApi } from '../../options/access-options.ts';
import { type Lifetime, runUntilInterrupted } from '../../process/lifetime.ts';
import { describeLostTarget } from '../open/start/tool-end.ts';
import { ToolSessions } from '../open/start/tool-sessions.ts';
import { CaptureFlow } from './capture-flow.ts';
import type { CaptureFormat } from './format/capture-format.ts';
import { type CaptureOutcome, formatCount, reportCapture } from './capture-report.ts';
import { type CaptureRequest, joinWords } from './capture-request.ts';
import { type CapturedTarget, selectNetworks, type TargetResult } from './targets/captured-target.ts';
import { NodeClocks } from './targets/node-clocks.ts';
import { checkFilter } from './tcpdump/filter-check.ts';
import { createLineFormat } from './format/packet-line-format.ts';
import {
  openLineOutput,
  openPacketFile,
  openPacketOutput,
  openWireshark,
  type PacketSink,
} from './packet-sink.ts';
import { createPcapngFormat } from './format/pcapng-format.ts';
import { TargetCapture } from './tcpdump/target-capture.ts';
import { buildTcpdump, type TcpdumpRequest } from './tcpdump/tcpdump-command.ts';
import { excludeTunnel, exclusionNote, joinFilters } from './targets/tunnel-exclusion.ts';

/** The kernel passes packets on after a second at most (libpcap's timeout in tcpdump), and then they have a way to go. */
const windowMs = 2000;
/** Far more than the packets of a window, at most rates. */
const maxBufferedBytes = 32 * 1024 * 1024;
const progressMs = 500;

/**
 * Captures packets until a limit, Ctrl-C, or the end of the targets.
 * @returns the exit code.
 * @throws Failure, any code of {@link findTargets} and of an agent's start, `usage` for a filter, `outputFile`,
 *   `toolNotFound`; UsageError; ApiError; InterruptedError before the capture has begun.
 */
export async function runCapture(request: CaptureRequest, context: Context): Promise<number> {
  return await runUntilInterrupted(async (_signal, lifetime) => {
    const run = new CaptureRun(request, lifetime, context);
    return await run.run();
  });
}

class CaptureRun {
  readonly #request: CaptureRequest;
  readonly #lifetime: Lifetime;
  readonly #context: Context;
  readonly #progress: ProgressLine;
  readonly #filter: string | null;
  readonly #clocks = new NodeClocks();

  constructor(request: CaptureRequest, lifetime: Lifetime, context: Context) {
    this.#request = request;
    this.#lifetime = lifetime;
    this.#context = context;
    this.#progress = new ProgressLine(context.stderr, { quiet: request.quiet });
    this.#filter = joinWords(request);
    lifetime.defer(() => this.#progress.clear());
  }

  async run(): Promise<number> {
    const { signal } = this.#lifetime;
    const api = await openApi(this.#request, this.#context);
    const [found, sessions] = await Promise.all([
      this.#findTargets(api),
      ToolSessions.prepare(api, this.#request, {
        ...{ context: this.#context, progress: this.#progress, signal },
      }),
    ]);
    this.#lifetime.defer(() => sessions.close());
    const { networks, refused } = found;
    const [first] = networks;
    if (first !== undefined && this.#filter !== null) await this.#checkFilter(first, sessions);
    const writesFile = this.#request.write !== null || this.#request.wireshark;
    const names = writesFile ? await this.#listNames(api, networks) : new Map<string, Set<string>>();
    const sink = await this.#openSink();
    this.#progress.clear();
    const around = { api, sessions, sink, networks, refused };
    if (!writesFile) return await this.#capture(createLineFormat(), around);
    const format = createPcapngFormat({
      names,
      getFilter: ({ isNodeNetwork }) => this.#describeTcpdump(api, isNodeNetwork).filter,
      getClock: ({ node }) => this.#clocks.get(node),
      targetCount: networks.length,
    });
    return await this.#capture(format, around);
  }

  /** @throws what is wrong with the targets, when none of them can be captured. */
  async #findTargets(api: ApiClient) {
    const { targets: names, many, allNamespaces, container, quiet } = this.#request;
    const selection = { names, ...many, allNamespaces, container, allContainers: false };
    const { targets, refused } = requireTargets(await findTargets(api, selection, this.#lifetime.signal));
    const { networks, shared } = selectNetworks(targets);
    const { reporter } = this.#context;
    if (!quiet) {
      for (const one of shared)
        reporter.note(`${one.name} has the network of ${one.with}, and is captured with it`);
      if (networks.some(({ isNodeNetwork }) => isNodeNetwork)) reporter.note(exclusionNote);
    }
    return { networks, refused };
  }

  async #checkFilter(target: CapturedTarget, sessions: ToolSessions): Promise<void> {
    const { signal } = this.#lifetime;
    // Without what we add to it: libpcap's words are about what the user typed.
    const request = { ...this.#request, filter: this.#filter };
    await checkFilter(request, target, (command, sinks) =>
      sessions.open(target, { command, stdin: false }, sinks, signal),
    );
  }

  async #listNames(api: ApiClient, networks: CapturedTarget[]): Promise<Map<string, Set<string>>> {
    const namespaces = networks.flatMap(({ target }) =>
      target.kind === 'container' ? [target.namespace] : [],
    );
    const { names, missing } = await listAddressNames(api, [...new Set(namespaces)], this.#lifetime.signal);
    for (const what of missing) this.#context.reporter.warning(what);
    return names;
  }

  async #openSink(): Promise<PacketSink> {
    const { write, wireshark, force } = this.#request;
    const { stdout } = this.#context;
    if (wireshark) return await openWireshark();
    if (write === '-') return openPacketOutput(stdout);
    if (write !== null) return await openPacketFile(write, force);
    return openLineOutput(stdout);
  }

  #describeTcpdump(api: ApiClient, isNodeNetwork: boolean): TcpdumpRequest {
    const { server } = api.connection;
    const exclusion = isNodeNetwork ? excludeTunnel(Number(server.port || 443)) : null;
    return { ...this.#request, filter: joinFilters(exclusion, this.#filter) };
  }

  async #capture<Item extends TimedItem>(
    format: CaptureFormat<Item>,
    { api, sessions, sink, networks, refused }: CaptureSetting,
  ): Promise<number> {
    const { signal } = this.#lifetime;
    const { quiet, durationMs } = this.#request;
    const merge = new TimeMerge<Item>({ windowMs, maxBytes: maxBufferedBytes });
    const flow = new CaptureFlow(merge, format, sink, this.#request);
    const captures = networks.map((target) => ({ target, capture: new TargetCapture() }));
    const stopAll = (withRest: boolean) => {
      for (const { capture } of captures) capture.stop({ withRest });
    };
    const stop = () => stopAll(true);
    let isStopping = false;
    const undoIntercept = this.#lifetime.interceptInterrupts(() => {
      if (isStopping) return false;
      isStopping = true;
      stop();
      return true;
    });
    signal.addEventListener('abort', stop, { once: true });
    sink.closed.addEventListener('abort', stop, { once: true });
    this.#lifetime.defer(async (limit) => {
      await Promise.all(captures.map(({ capture }) => capture.end(limit)));
    });
    const flowing = flow.run().finally(() => stopAll(false));
    flowing.catch(() => undefined);
    const running = new Set<CapturedTarget>();
    let settled = 0;
    let timer: NodeJS.Timeout | null = null;
    const onSettled = () => {
      if (++settled < captures.length) return;
      if (durationMs !== null) timer = setTimeout(stop, durationMs);
      this.#progress.clear();
      if (!quiet && running.size > 0) this.#tellBegin([...running]);
      void this.#warnOfClocks();
    };
    const showing = setInterval(() => {
      if (settled === captures.length && running.size > 0)
        this.#progress.show(`${flow.total} packets, ${flow.bytes} bytes; Ctrl-C ends the capture`);
    }, progressMs);
    try {
      const ending = captures.map(async ({ target, capture }): Promise<TargetResult> => {
        const read = format.createReader(target);
        const source = merge.addSource();
        const command = buildTcpdump(this.#describeTcpdump(api, target.isNodeNetwork), format.input);
        const onStarted = () => {
          running.add(target);
          onSettled();
        };
        const end = await capture.run(
          async (sinks, stopped) => {
            const ended = AbortSignal.any([signal, stopped]);
            const session = await sessions.open(target, { command, stdin: false }, sinks, ended);
            this.#clocks.measure(target.node, session);
            return session;
          },
          async (chunk) => {
            await this.#clocks.wait(target.node);
            await source.push(read(chunk));
          },
          onStarted,
          (ended) => describeLostTarget(api, target, ended),
        );
        if (!running.has(target)) onSettled();
        source.end();
        return { ...end, target, packets: 0 };
      });
      const ended = Promise.all(ending).finally(() => merge.close());
      await flowing;
      const results = (await ended).map((result) => ({
        ...result,
        packets: flow.countPackets(result.target),
      }));
      return await this.#finish({ results, refused, lateItems: merge.lateItems, flow, format, sink });
    } finally {
      clearInterval(showing);
      if (timer !== null) clearTimeout(timer);
      undoIntercept();
      this.#progress.clear();
    }
  }

  async #warnOfClocks(): Promise<void> {
    const difference = await this.#clocks.describeDifference();
    if (difference !== null) this.#context.reporter.warning(difference);
  }

  #tellBegin(networks: CapturedTarget[]): void {
    const nodes = new Set(networks.map(({ node }) => node)).size;
    const where = `${formatCount(networks.length, 'target')} on ${formatCount(nodes, 'node')}`;
    this.#context.reporter.tell(`Capturing ${where}; Ctrl-C ends the capture.`);
  }

  async #finish<Item extends TimedItem>({
    results,
    refused,
    lateItems,
    flow,
    format,
    sink,
  }: Finish<Item>): Promise<number> {
    const { quiet, write, wireshark } = this.#request;
    const isEmpty = results.every(({ failure, packets }) => failure !== null && packets === 0);
    if (isEmpty) await sink.discard();
    else {
      await flow.write(format.end(results));
      await sink.close();
    }
    this.#progress.clear();
    const isShown = write === null && !wireshark;
    const destination = isShown || isEmpty ? null : { name: sink.name, bytes: flow.bytes };
    const outcome: CaptureOutcome = { results, refused, lateItems, destination };
    return reportCapture(outcome, this.#context.reporter, quiet);
  }
}

interface CaptureSetting {
  api: ApiClient;
  sessions: ToolSessions;
  sink: PacketSink;
  networks: CapturedTarget[];
  refused: CaptureOutcome['refused'];
}

interface Finish<Item extends TimedItem> {
  results: TargetResult[];
  refused: CaptureOutcome['refused'];
  lateItems: number;
  flow: CaptureFlow<Item>;
  format: CaptureFormat<Item>;
  sink: PacketSink;
}
