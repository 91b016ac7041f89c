import type { ApiClient } from '../../api/api-client.ts';
import type { LimitRange } from '../../api/kubernetes-objects.ts';
import { limitRanges } from '../../api/resources.ts';
import { approve, type Finding, runCheck, type Verdict } from '../finding.ts';
import { readQuantity } from './quantity.ts';

interface Resources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

/** Checks that the limits of the agents' namespace admit an agent's resources. @throws what aborted the signal. */
export async function checkLimitRange(
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
    return judgeLimitRanges(items, resources);
  });
}

/** Judges an agent, one container in a pod, by what LimitRanges allow of either. */
export function judgeLimitRanges(ranges: LimitRange[], { requests = {}, limits = {} }: Resources): Verdict {
  if (ranges.length === 0) return approve('there is none');
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
  const mend =
    'Widen the LimitRange: an agent can hold several sessions, and needs little when it holds none.';
  if (broken.length > 0) return { state: 'failed', found: broken.join('; '), mend };
  return approve(`${ranges.map(({ metadata }) => metadata.name).join(', ')}: an agent is within it`);
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

/** @returns how often each request goes into its limit. */
function divide(limits: Record<string, string>, requests: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([resource, limit]) => {
      const request = readQuantity(requests[resource] ?? '0');
      return request === 0 ? [] : [[resource, String(readQuantity(limit) / request)]];
    }),
  );
}
