import type * as z from 'zod';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import type { versionSchema } from '../api/objects/kubernetes-objects.ts';
import { serverVersion } from '../api/resources.ts';
import { type CheckResult, failBy, type Finding, leaveOpen, pass, warn } from './finding.ts';

/** The first version whose exec websockets speak v5, which can close one direction: https://kep.k8s.io/4006. */
const firstMinor = 30;
/** Certificates and tokens tolerate a larger offset, but ages and times that are shown become wrong. */
const clockLimitMs = 5000;

/**
 * Checks that the API server answers, its version, and its clock against this machine's.
 * @param clientVersion the plugin's.
 * @returns the findings; the first has failed when the API server can't be asked anything else.
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
      { check: 'API server', ...pass(`${host} answers`) },
      { check: 'version', ...checkVersion(value, clientVersion) },
      { check: 'clock', ...checkClock(date, askedAt, Date.now()) },
    ];
  } catch (error) {
    if (signal.aborted) throw error;
    const { host } = api.connection.server;
    // It has answered: some clusters let not every user read the version.
    if (error instanceof ApiError && error.status === 403)
      return [
        { check: 'API server', ...pass(`${host} answers`) },
        { check: 'version', ...failBy(error), status: 'unknown' },
      ];
    return [{ check: 'API server', ...failBy(error) }];
  }
}

/** Checks the version of the API server. */
export function checkVersion(server: z.infer<typeof versionSchema>, clientVersion: string): CheckResult {
  const [major, minor] = [parseInt(server.major), parseInt(server.minor)];
  const message = `Kubernetes ${server.major}.${server.minor} (${server.gitVersion}), kubectl-crashcart ${clientVersion}`;
  if (Number.isNaN(major) || Number.isNaN(minor)) return leaveOpen(message);
  if (major > 1 || minor >= firstMinor) return pass(message);
  return warn(
    message,
    `Before 1.${firstMinor}, the websocket of an exec can't close one direction alone: upgrade the cluster.`,
  );
}

/**
 * Compares the API server's clock with this machine's.
 * @param date of the answer's Date header, which has whole seconds; null without one.
 * @param askedAt this machine's time of the request, in ms since the epoch.
 * @param answeredAt this machine's time of the answer, in ms since the epoch.
 */
export function checkClock(date: Date | null, askedAt: number, answeredAt: number): CheckResult {
  if (date === null) return leaveOpen('the response has no Date header');
  const offsetMs = (askedAt + answeredAt) / 2 - (date.getTime() + 500);
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (Math.abs(offsetMs) <= clockLimitMs + (answeredAt - askedAt) / 2)
    return pass(`within ${clockLimitMs / 1000} s of the API server's`);
  return warn(
    `this machine's is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the API server's`,
    'Certificates and tokens may count as expired, and ages are shown wrong: set the clock (NTP).',
  );
}
