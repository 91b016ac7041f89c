import type * as z from 'zod';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import type { versionSchema } from '../api/kubernetes-objects.ts';
import { serverVersion } from '../api/resources.ts';
import { approve, condemn, type Finding, type Verdict } from './finding.ts';

/** The first whose exec websockets speak v5, which has a half-close: https://kep.k8s.io/4006. */
const firstMinor = 30;
/** Certificates and tokens hold a moment before and after; what is said of ages and times is wrong earlier. */
const clockLimitMs = 5000;

/**
 * Checks that the API server answers, its version, and its clock against ours.
 * @param clientVersion the plugin's.
 * @returns the findings; the first has failed when there is no use in asking anything else.
 * @throws what aborted the signal.
 */
export async function checkApiServer(
  api: ApiClient,
  clientVersion: string,
  signal: AbortSignal,
): Promise<Finding[]> {
  const askedAt = Date.now();
  try {
    const { value, date } = await api.request({ ...serverVersion, signal });
    const { host } = api.connection.server;
    return [
      { check: 'API server', ...approve(`${host} answers`) },
      { check: 'version', ...judgeVersion(value, clientVersion) },
      { check: 'clock', ...judgeClock(date, askedAt, Date.now()) },
    ];
  } catch (error) {
    if (signal.aborted) throw error;
    const { host } = api.connection.server;
    // It has answered: its version is not everyone's to read everywhere.
    if (error instanceof ApiError && error.status === 403)
      return [
        { check: 'API server', ...approve(`${host} answers`) },
        { check: 'version', ...condemn(error), state: 'unknown' },
      ];
    return [{ check: 'API server', ...condemn(error) }];
  }
}

/** Judges the version of the API server. */
export function judgeVersion(server: z.infer<typeof versionSchema>, clientVersion: string): Verdict {
  const [major, minor] = [parseInt(server.major), parseInt(server.minor)];
  const found = `Kubernetes ${server.major}.${server.minor} (${server.gitVersion}), kubectl-crashcart ${clientVersion}`;
  if (Number.isNaN(major) || Number.isNaN(minor)) return { state: 'unknown', found, mend: null };
  if (major > 1 || minor >= firstMinor) return approve(found);
  return {
    state: 'warning',
    found,
    mend: `Before 1.${firstMinor}, the websocket of an exec can't close one direction alone: upgrade.`,
  };
}

/**
 * Judges the API server's clock by the time that its answer bears, of whole seconds.
 * @param askedAt our time, in ms; so is answeredAt.
 */
export function judgeClock(date: Date | null, askedAt: number, answeredAt: number): Verdict {
  if (date === null) return { state: 'unknown', found: 'the answer bears no time', mend: null };
  const offsetMs = (askedAt + answeredAt) / 2 - (date.getTime() + 500);
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (Math.abs(offsetMs) <= clockLimitMs + (answeredAt - askedAt) / 2)
    return approve(`within ${clockLimitMs / 1000} s of the API server's`);
  return {
    state: 'warning',
    found: `this machine's is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the API server's`,
    mend: 'Certificates and tokens may count as expired, and ages are wrong: set the clock (NTP).',
  };
}
