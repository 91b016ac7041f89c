import type { ApiClient } from '../../api/api-client.ts';
import type { LimitRange } from '../../api/objects/kubernetes-objects.ts';
import { limitRanges } from '../../api/resources.ts';
import { type CheckResult, fail, type Finding, pass, runCheck } from '../finding.ts';
import { readQuantity } from '../../api/objects/quantity.ts';

interface Resources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

/** Checks that the LimitRanges of the agents' namespace admit an agent. @throws what aborted the signal. */
export async function checkAgentLimits(
  api: ApiClient,
  namespace: string,
  resources: Resources,
  signal: AbortSignal,
): Promise<Finding> {
  return await runCheck('limit range', signal, async () => {
    const { items } = await api.get({
      ...limitRanges.list(namespace),
      signal,
    });
    return checkLimitRanges(items, resources);
  });
}

/** Compares an agent, a pod of one container, with what LimitRanges allow for either. */
export function checkLimitRanges(
  ranges: LimitRange[],
  { requests = {}, limits = {} }: Resources,
): CheckResult {
  if (ranges.length === 0) return pass('there is none');
  const broken = ranges.flatMap(({ metadata, spec }) =>
    spec.limits
      .filter(({ type }) => type === 'Container' || type === 'Pod')
      .flatMap(({ type, min, max, maxLimitRequestRatio }) =>
        [
          ...compare(min, requests, (allowed, own) => own < allowed, 'has a minimum of'),
          ...compare(max, limits, (allowed, own) => own > allowed, 'has a maximum of'),
          ...compare(
            maxLimitRequestRatio,
            divide(limits, requests),
            (allowed, own) => own > allowed,
            'allows a limit above its request by a factor of',
          ),
        ].map((text) => `${metadata.name} (${type}) ${text}`),
      ),
  );
  if (broken.length > 0)
    return fail(
      broken.join('; '),
      'Ask for other resources, such as --agent-resource limits.memory=1Gi, or widen the LimitRange.',
    );
  return pass(`${ranges.map(({ metadata }) => metadata.name).join(', ')}: an agent is within it`);
}

function compare(
  allowed: Record<string, string>,
  own: Record<string, string>,
  isBroken: (allowed: number, own: number) => boolean,
  words: string,
): string[] {
  return Object.entries(allowed).flatMap(([resource, amount]) => {
    const value = own[resource];
    if (value === undefined || !isBroken(readQuantity(amount), readQuantity(value))) return [];
    return [`${words} ${amount} ${resource}, an agent has ${value}`];
  });
}

/** Divides each limit by its request. */
function divide(limits: Record<string, string>, requests: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([resource, limit]) => {
      const request = readQuantity(requests[resource] ?? '0');
      return request === 0 ? [] : [[resource, String(readQuantity(limit) / request)]];
    }),
  );
}
