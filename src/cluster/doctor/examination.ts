import { findWarmAgent } from '../agent-pods/find-agent.ts';
import { type AgentOptions, agentResources } from '../agent-pods/agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import type { Node, Pod } from '../api/kubernetes-objects.ts';
import type { TargetName } from '../target/target-name.ts';
import { checkAdmission } from './namespace/admission.ts';
import { checkAgentNamespace } from './namespace/namespace-check.ts';
import { type AgentStart, checkAgentStart } from './agent-start.ts';
import { type CheckedAgents, checkAgents } from './agents.ts';
import { checkApiServer } from './api-server.ts';
import { approve, type Finding, runCheck, type Verdict, userMend } from './finding.ts';
import { findMissingSecrets, judgeImage } from './node/image.ts';
import { checkLimitRange } from './namespace/limit-range.ts';
import { checkNodes, findCgroupV1Nodes, readNodes, summarize } from './node/nodes.ts';
import { checkPermissions, listPermissionSteps } from './permissions.ts';
import { checkQuota, countAgent } from './namespace/quota.ts';
import { checkTarget } from './target.ts';

export interface ExaminationRequest {
  /** null: the cluster as a whole. */
  target: TargetName | null;
  /** null: the pod's default. */
  container: string | null;
  options: AgentOptions;
  /** How to start an agent on the target's node, to try that and to ask it; null: only those that run are asked. */
  start: AgentStart | null;
  signal: AbortSignal;
}

/**
 * Finds out what of a session would work, and what not. Without `start` it changes nothing, and starts nothing.
 * @returns a finding for each check; those of the API server alone when it does not answer.
 * @throws what aborted the signal.
 */
export async function examine(api: ApiClient, request: ExaminationRequest): Promise<Finding[]> {
  const { target, container, options, start, signal } = request;
  const server = await checkApiServer(api, options.version, signal);
  if (server.some(({ state }) => state === 'failed')) return server;
  const { findings, node } =
    target === null ? { findings: [], node: null } : await checkTarget(api, target, container, signal);
  const { namespace } = options;
  const targets = target?.kind === 'node' ? null : api.connection.namespace;
  const examineRuns = async () => {
    const started = start && node !== null ? await checkAgentStart(api, node, options, start, signal) : null;
    // Of a target that is not there, no node is known: any agent will do.
    const agents = await checkAgents(api, target === null ? null : (node ?? ''), options, signal);
    const nodes =
      target !== null && node === null
        ? []
        : await examineNodes(api, node, options, agents, started?.image ?? null, signal);
    return [...nodes, ...(started ? [started.finding] : []), ...agents.findings];
  };
  const rest = await Promise.all([
    checkPermissions(api, listPermissionSteps(targets, namespace), signal),
    checkAgentNamespace(api, namespace, signal),
    checkQuota(api, namespace, countAgent(agentResources), signal),
    checkLimitRange(api, namespace, agentResources, signal),
    checkAdmission(api, node ?? 'any', options, signal),
    examineRuns(),
  ]);
  return [...server, ...findings, ...rest.flat()];
}

async function examineNodes(
  api: ApiClient,
  name: string | null,
  options: AgentOptions,
  { running, reports }: CheckedAgents,
  imageProblem: Verdict | null,
  signal: AbortSignal,
): Promise<Finding[]> {
  let nodes: Node[] = [];
  const reading = await runCheck(
    'node',
    signal,
    async () => {
      try {
        nodes = await readNodes(api, name, signal);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        return {
          state: 'failed',
          found: `node "${name}" was not found`,
          mend: 'Nodes: `kubectl get nodes`.',
        };
      }
      return approve('');
    },
    name === null ? 'Give a TARGET: only its node is looked at then.' : userMend,
  );
  if (reading.state !== 'ok') return [reading];
  const judgeOwnImage = (node: Node) => judgeImage(node, options, hasAgent(node, options, running));
  const [cgroupV1, image] = await Promise.all([
    findCgroupV1Nodes(api, signal),
    runCheck('image', signal, async () => {
      if (imageProblem) return imageProblem;
      const missing = await findMissingSecrets(api, options, signal);
      if (missing.length === 0) return summarize(nodes, judgeOwnImage);
      const found = `the namespace "${options.namespace}" has no Secret ${missing.join(', ')} to pull it with`;
      return { state: 'failed', found, mend: 'Make it there: `kubectl create secret docker-registry`.' };
    }),
  ]);
  return [...checkNodes(nodes, cgroupV1, reports), image];
}

function hasAgent({ metadata }: Node, options: AgentOptions, running: Pod[]): boolean {
  return findWarmAgent(running, { node: metadata.name, options }) !== null;
}
