import { explainLostAgent } from '../../cluster/agent-end.ts';
import { type AgentRequest, listAgents } from '../../cluster/agent-pod.ts';
import { NamespaceMissingError } from '../../cluster/agent-jobs.ts';
import type { AgentSession } from '../../cluster/agent-session.ts';
import { ApiClient } from '../../cluster/api-client.ts';
import { chooseContainer } from '../../cluster/container.ts';
import { loadConnection } from '../../cluster/kubeconfig.ts';
import type { Pod } from '../../cluster/kubernetes-objects.ts';
import { refuseUnreachablePod } from '../../cluster/node-checks.ts';
import { findTargetPod } from '../../cluster/target.ts';
import { explainEndedTarget } from '../../cluster/target-end.ts';
import type { SessionSpec, SessionTarget } from '../../session/session-spec.ts';
import { escapeText } from '../../terminal/escape-text.ts';
import { ProgressLine } from '../../terminal/progress.ts';
import { getWindowSize } from '../../terminal/window-size.ts';
import type { Context } from '../context.ts';
import { watchInterrupts } from '../interrupts.ts';
import { Lifetime } from '../lifetime.ts';
import { SessionAttachment } from '../session-attachment.ts';
import { lookUpLimitMs, reportSessionEnd } from '../session-end-report.ts';
import { confirmNamespace } from './confirm-namespace.ts';
import type { SessionOptions } from './session-options.ts';

/** As kubectl's: from 6 on, requests are told. */
const verbosityLevels = { step: 4, request: 6 };

/** @returns the command's exit code. @throws Failure, ProblemError. */
export async function runSession(options: SessionOptions, context: Context): Promise<number> {
  const lifetime = new Lifetime();
  const progress = new ProgressLine(context.stderr, !options.quiet);
  let attachment: SessionAttachment | null = null;
  const ignore = watchInterrupts(
    (reason) => lifetime.end(reason),
    () => attachment?.passInterrupt() ?? false,
  );
  try {
    const connection = await lifetime.race(
      loadConnection(
        { ...options.connection, requestTimeoutMs: options.connection.requestTimeout },
        context.env,
      ),
    );
    const trace = (level: number) => (line: string) => {
      if (options.verbosity >= level) context.stderr.write(`${escapeText(line)}\n`);
    };
    const api = new ApiClient(connection, trace(verbosityLevels.request));
    const traceStep = trace(verbosityLevels.step);
    const finding = findTarget(api, options, context, lifetime.signal);
    // With http2 and ws: loaded while the API server's first answers are on their way.
    const loading = import('../../cluster/agent-session.ts');
    const [{ target, node, agents }, { openSession }] = await Promise.all([finding, loading]);
    const request: AgentRequest = {
      node,
      nodeIsTarget: target.kind === 'node',
      options: options.agent,
      timeoutMs: options.timeoutMs,
      excluded: new Set(),
      onProgress: (step) => {
        progress.show(step);
        traceStep(step);
      },
      signal: lifetime.signal,
    };
    const spec = describeSession(target, options, context);
    const attach = (session: AgentSession) => new SessionAttachment(session, spec, context);
    const open = () => openSession(api, request, agents, spec, attach);
    // Not raced: when it is aborted it first deletes what it has made.
    const { session, result } = await open().catch(async (error: unknown) => {
      if (!(error instanceof NamespaceMissingError))
        throw await explainEndedTarget(api, target, error, AbortSignal.timeout(lookUpLimitMs));
      progress.clear();
      await confirmNamespace(api, error, options, context, lifetime.signal);
      return open();
    });
    progress.clear();
    attachment = result;
    lifetime.defer(() => result.close());
    const keep = lifetime.defer((signal) => result.delete(signal));
    const agent = { namespace: options.agent.namespace, pod: session.pod };
    const end = await lifetime.race(result.run()).catch(async (error: unknown) => {
      throw await explainLostAgent(api, agent, error, AbortSignal.timeout(lookUpLimitMs));
    });
    keep();
    return await reportSessionEnd(end, api, target, context.stderr);
  } finally {
    progress.clear();
    await lifetime.close();
    ignore();
  }
}

async function findTarget(
  api: ApiClient,
  options: SessionOptions,
  { stderr }: Context,
  signal: AbortSignal,
): Promise<{ target: SessionTarget; node: string; agents: Pod[] }> {
  // Both at once: an agent is most often there, and which node's is chosen afterwards.
  const agentsRequest = listAgents(api, options.agent.namespace, signal);
  agentsRequest.catch(() => undefined);
  if (options.target.kind === 'node') {
    const { name } = options.target;
    return { target: { kind: 'node', node: name }, node: name, agents: await agentsRequest };
  }
  const pod = await findTargetPod(api, options.target, signal);
  const { name, containerID, notice } = chooseContainer(pod, options.container);
  await refuseUnreachablePod(api, pod, signal);
  if (notice !== null && !options.quiet) stderr.write(`${escapeText(notice)}\n`);
  const { metadata, spec } = pod;
  return {
    target: {
      kind: 'container',
      namespace: metadata.namespace,
      pod: metadata.name,
      podUID: metadata.uid,
      container: name,
      containerID,
    },
    node: spec.nodeName,
    agents: await agentsRequest,
  };
}

function describeSession(target: SessionTarget, options: SessionOptions, context: Context): SessionSpec {
  return {
    target,
    command: options.command,
    terminal: options.terminal
      ? { ...getWindowSize(context.stdout), term: context.env['TERM']?.slice(0, 64) || 'xterm' }
      : null,
    stdin: options.stdin,
  };
}
