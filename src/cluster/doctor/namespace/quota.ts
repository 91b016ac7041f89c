import type { ApiClient } from '../../api/api-client.ts';
import type { Quota } from '../../api/objects/kubernetes-objects.ts';
import { resourceQuotas } from '../../api/resources.ts';
import { type CheckResult, fail, type Finding, leaveOpen, pass, runCheck, warn } from '../finding.ts';
import { readQuantity } from '../../api/objects/quantity.ts';

/**
 * Counts what one more agent, a Job with a pod, takes of a quota.
 * @param resources of its only container.
 * @returns quantities, by the names that quotas use.
 */
export function countAgent(resources: {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}): Record<string, string> {
  const { requests = {}, limits = {} } = resources;
  const prefix = (kind: string, amounts: Record<string, string>) =>
    Object.entries(amounts).map(([name, amount]) => [`${kind}.${name}`, amount]);
  return {
    pods: '1',
    'count/pods': '1',
    'count/jobs.batch': '1',
    ...requests,
    ...(Object.fromEntries([...prefix('requests', requests), ...prefix('limits', limits)]) as object),
  };
}

/** Checks that the quotas of the agents' namespace have room for one more. @throws what aborted the signal. */
export async function checkAgentQuota(
  api: ApiClient,
  namespace: string,
  agent: Record<string, string>,
  signal: AbortSignal,
): Promise<Finding> {
  return await runCheck('quota', signal, async () => {
    const { items } = await api.get({
      ...resourceQuotas.list(namespace),
      signal,
    });
    return checkQuotas(items, agent);
  });
}

/** Checks that quotas have room for one more agent. */
export function checkQuotas(quotas: Quota[], agent: Record<string, string>): CheckResult {
  if (quotas.length === 0) return pass('there is none');
  const counted = quotas.filter(({ spec }) => spec.scopes.length === 0 && spec.scopeSelector === undefined);
  const full = counted.flatMap(({ metadata, status }) =>
    Object.entries(status.hard).flatMap(([resource, hard]) => {
      const amount = agent[resource];
      const used = status.used[resource] ?? '0';
      // An agent takes nothing of what it does not name (services, volumes). What it should name is checked below.
      if (amount === undefined) return [];
      const isFull = readQuantity(used) + readQuantity(amount) > readQuantity(hard);
      return isFull
        ? [`${metadata.name}: ${resource} ${used} of ${hard} used, an agent takes ${amount}`]
        : [];
    }),
  );
  if (full.length > 0)
    return fail(
      full.join('; '),
      'Raise the ResourceQuota, ask for less by --agent-resource, or remove agents: `kubectl crashcart clean --all`.',
    );
  // Pods have to name what a quota limits: https://kubernetes.io/docs/concepts/policy/resource-quotas/
  const demanded = counted.flatMap(({ metadata, status }) =>
    Object.keys(status.hard)
      .filter((resource) => /^(cpu|memory|(requests|limits)\.(cpu|memory))$/.test(resource))
      .filter((resource) => agent[resource] === undefined)
      .map((resource) => `${metadata.name} limits ${resource}, which an agent does not name`),
  );
  if (demanded.length > 0)
    return warn(demanded.join('; '), 'Name it by --agent-resource, or set a default for it by a LimitRange.');
  if (counted.length < quotas.length) {
    const names = quotas.filter((quota) => !counted.includes(quota)).map(({ metadata }) => metadata.name);
    return leaveOpen(`not counted, since they have scopes: ${names.join(', ')}`);
  }
  return pass(`${counted.map(({ metadata }) => metadata.name).join(', ')}: there is room for an agent`);
}
