import type { ApiClient } from '../../api/api-client.ts';
import type { Quota } from '../../api/kubernetes-objects.ts';
import { resourceQuotas } from '../../api/resources.ts';
import { approve, type Finding, runCheck, type Verdict } from '../finding.ts';
import { readQuantity } from './quantity.ts';

/** What one more agent counts for, as a pod and a Job. @param resources of its only container. */
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
export async function checkQuota(
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
    return judgeQuotas(items, agent);
  });
}

/** Judges whether quotas have room for one more agent. */
export function judgeQuotas(quotas: Quota[], agent: Record<string, string>): Verdict {
  if (quotas.length === 0) return approve('there is none');
  const counted = quotas.filter(({ spec }) => spec.scopes.length === 0 && spec.scopeSelector === undefined);
  const full = counted.flatMap(({ metadata, status }) =>
    Object.entries(status.hard).flatMap(([resource, hard]) => {
      const amount = agent[resource];
      const used = status.used[resource] ?? '0';
      // What the agent does not name may be another's (services, volumes) or missing (limits.cpu).
      if (amount === undefined) return [];
      const isFull = readQuantity(used) + readQuantity(amount) > readQuantity(hard);
      return isFull
        ? [`${metadata.name}: ${resource} ${used} of ${hard} used, an agent takes ${amount}`]
        : [];
    }),
  );
  const mend = 'Raise the ResourceQuota, or end agents: `kubectl crashcart clean --all`.';
  if (full.length > 0) return { state: 'failed', found: full.join('; '), mend };
  // Quota demands that pods name what it limits: https://kubernetes.io/docs/concepts/policy/resource-quotas/
  const demanded = counted.flatMap(({ metadata, status }) =>
    Object.keys(status.hard)
      .filter((resource) => /^(cpu|memory|(requests|limits)\.(cpu|memory))$/.test(resource))
      .filter((resource) => agent[resource] === undefined)
      .map((resource) => `${metadata.name} limits ${resource}, of which an agent names nothing`),
  );
  const defaults = 'A LimitRange with a default gives it.';
  if (demanded.length > 0) return { state: 'warning', found: demanded.join('; '), mend: defaults };
  if (counted.length < quotas.length) {
    const names = quotas.filter((quota) => !counted.includes(quota)).map(({ metadata }) => metadata.name);
    return { state: 'unknown', found: `not counted, as they have scopes: ${names.join(', ')}`, mend: null };
  }
  return approve(`${counted.map(({ metadata }) => metadata.name).join(', ')}: there is room for an agent`);
}
