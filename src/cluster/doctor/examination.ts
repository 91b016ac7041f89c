import { type AgentOptions, agentResources } from '../agent-spec.ts';
import type { ApiClient } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import type { Node } from '../kubernetes-objects.ts';
import type { TargetName } from '../target-name.ts';
import { checkAdmission } from './admission.ts';
import { checkAgentNamespace } from './agent-namespace.ts';
import { checkAgents } from './agents.ts';
import { checkApiServer } from './api-server.ts';
import { approve, type Finding, runCheck } from './finding.ts';
import { findMissingSecrets, judgeImage } from './image.ts';
import { checkLimitRange } from './limit-range.ts';
import { checkNodes, findCgroupV1Nodes, readNodes, summarize } from './nodes.ts';
import { checkPermissions, listPermissionSteps } from './permissions.ts';
import { checkQuota, countAgent } from './quota.ts';
import { checkTarget } from './target.ts';

export interface ExaminationRequest {
  /** null: the cluster as a whole. */
  target: TargetName | null;
  /** null: the pod's default. */
  container: string | null;
  options: AgentOptions;
  signal: AbortSignal;
}

/**
 * Finds out what of a session would work, and what not. It changes nothing, and starts nothing.
 * @returns a finding for each check; those of the API server alone when it does not answer.
 * @throws what aborted the signal.
 */
export async function examine(api: ApiClient, request: ExaminationRequest): Promise<Finding[]> {
  const { target, container, options, signal } = request;
  const server = await checkApiServer(api, options.version, signal);
  if (server.some(({ state }) => state === 'failed')) return server;
  const { findings, node } =
    target === null ? { findings: [], node: null } : await checkTarget(api, target, container, signal);
  const { namespace } = options;
  const targets = target?.kind === 'node' ? null : api.connection.namespace;
  const rest = await Promise.all([
    checkPermissions(api, listPermissionSteps(targets, namespace), signal),
    checkAgentNamespace(api, namespace, signal),
    checkQuota(api, namespace, countAgent(agentResources), signal),
    checkLimitRange(api, namespace, agentResources, signal),
    checkAdmission(api, node ?? 'any', options, signal),
    // Of a target that is not there, no node is known.
    target !== null && node === null ? [] : examineNodes(api, node, options, signal),
    checkAgents(api, node, options, signal),
  ]);
  return [...server, ...findings, ...rest.flat()];
}

async function examineNodes(
  api: ApiClient,
  name: string | null,
  options: AgentOptions,
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
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
        return {
          state: 'failed',
          found: `node "${name}" was not found`,
          mend: 'Nodes: `kubectl get nodes`.',
        };
      }
      return approve('');
    },
    name === null ? 'Give a TARGET: only its node is looked at then.' : 'manifests/rbac.yaml grants it',
  );
  if (reading.state !== 'ok') return [reading];
  const [cgroupV1, image] = await Promise.all([
    findCgroupV1Nodes(api, signal),
    runCheck('image', signal, async () => {
      const missing = await findMissingSecrets(api, options, signal);
      if (missing.length === 0) return summarize(nodes, (node) => judgeImage(node, options));
      const found = `the namespace "${options.namespace}" has no Secret ${missing.join(', ')} to pull it with`;
      return { state: 'failed', found, mend: 'Make it there: `kubectl create secret docker-registry`.' };
    }),
  ]);
  return [...checkNodes(nodes, cgroupV1), image];
}
