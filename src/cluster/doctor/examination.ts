import { findWarmAgent } from '../agent-pods/find-agent.ts';
import { type AgentOptions, getAgentResources } from '../agent-pods/agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import type { Node, Pod } from '../api/objects/kubernetes-objects.ts';
import type { TargetName } from '../target/target-name.ts';
import { checkAdmission } from './namespace/admission.ts';
import { checkAgentNamespace } from './namespace/namespace-check.ts';
import { type AgentStart, checkAgentStart } from './agent-start.ts';
import { type CheckedAgents, checkAgents } from './agents.ts';
import { checkApiServer } from './api-server.ts';
import { type CheckResult, fail, type Finding, pass, runCheck, userFix } from './finding.ts';
import { findMissingSecrets, checkImage } from './node/image.ts';
import { checkAgentLimits } from './namespace/limit-range.ts';
import { checkNodes, findCgroupV1Nodes, readNodes, summarize } from './node/nodes.ts';
import { checkPermissions, listPermissionSteps } from './permissions.ts';
import { checkAgentQuota, countAgent } from './namespace/quota.ts';
import { checkTarget } from './target.ts';

/** What the doctor looks at. */
export interface ExaminationRequest {
  /** null: the cluster as a whole. */
  target: TargetName | null;
  /** null: the pod's default. */
  container: string | null;
  options: AgentOptions;
  /** How to start an agent on the target's node; null: only running agents are asked. */
  start: AgentStart | null;
  signal: AbortSignal;
}

/**
 * Checks all that a session needs. Without `start` nothing is changed or started.
 * @returns a finding for each check; only those of the API server when it does not answer.
 * @throws what aborted the signal.
 */
export async function examine(api: ApiClient, request: ExaminationRequest): Promise<Finding[]> {
  const { target, container, options, start, signal } = request;
  const server = await checkApiServer(api, options.version, signal);
  if (server.some(({ status }) => status === 'failed')) return server;
  const { findings, node } =
    target === null ? { findings: [], node: null } : await checkTarget(api, target, container, signal);
  const { namespace } = options;
  const targets = target?.kind === 'node' ? null : api.connection.namespace;
  const examineRuns = async () => {
    const started = start && node !== null ? await checkAgentStart(api, node, options, start, signal) : null;
    // The node of a missing target is not known: any agent will do.
    const agents = await checkAgents(api, target === null ? null : (node ?? ''), options, signal);
    const nodes =
      target !== null && node === null
        ? []
        : await examineNodes(api, node, options, agents, started?.image ?? null, signal);
    return [...nodes, ...(started ? [started.finding] : []), ...agents.findings];
  };
  const resources = getAgentResources(options);
  const rest = await Promise.all([
    checkPermissions(api, listPermissionSteps(targets, namespace), signal),
    checkAgentNamespace(api, namespace, signal),
    checkAgentQuota(api, namespace, countAgent(resources), signal),
    checkAgentLimits(api, namespace, resources, signal),
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
  imageProblem: CheckResult | null,
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
        return fail(`node "${name}" was not found`, 'Nodes: `kubectl get nodes`.');
      }
      return pass('');
    },
    name === null ? 'Give a TARGET: then only its node is read.' : userFix,
  );
  if (reading.status !== 'ok') return [reading];
  const checkOwnImage = (node: Node) => checkImage(node, options, hasAgent(node, options, running));
  const [cgroupV1, image] = await Promise.all([
    findCgroupV1Nodes(api, signal),
    runCheck('image', signal, async () => {
      if (imageProblem) return imageProblem;
      const missing = await findMissingSecrets(api, options, signal);
      if (missing.length === 0) return summarize(nodes, checkOwnImage);
      return fail(
        `the namespace "${options.namespace}" has no Secret ${missing.join(', ')} to pull the image with`,
        'Create the Secret there: `kubectl create secret docker-registry`.',
      );
    }),
  ]);
  return [...checkNodes(nodes, cgroupV1, reports, options.priorityClass), image];
}

function hasAgent({ metadata }: Node, options: AgentOptions, running: Pod[]): boolean {
  return findWarmAgent(running, { node: metadata.name, options }) !== null;
}
