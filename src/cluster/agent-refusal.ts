import type { ApiError } from './api-error.ts';
import { Failure } from './failure.ts';

/**
 * Says that the cluster does not admit an agent, in its own words, and what is to be changed.
 * @param what of the agent was refused.
 * @param warnings that came along when its Job was made.
 */
export function describeRefusal(
  what: 'Job' | 'pod' | 'DaemonSet',
  message: string,
  namespace: string,
  warnings: string[] = [],
): Failure {
  const details = warnings.map((warning) => `\nWarning: ${warning}`).join('');
  return new Failure(
    'agentRefused',
    `the cluster refuses the agent's ${what} in the namespace "${namespace}": ${message}${details}`,
    advise(message, namespace),
  );
}

/** Whether an error is admission's: policies answer with 422, webhooks with a status of their own choice. */
export function isRefusal({ code, status, message }: ApiError): boolean {
  return code === 'apiError' && (status === 403 || status === 422 || /webhook/.test(message));
}

function advise(message: string, namespace: string): string {
  if (/PodSecurity/.test(message))
    return `Agents are privileged: the namespace "${namespace}" needs the label pod-security.kubernetes.io/enforce=privileged (manifests/namespace.yaml).`;
  if (/quota/i.test(message)) return `A ResourceQuota of the namespace "${namespace}" is in the way.`;
  return 'An admission policy of the cluster is in the way: its administrator has to exempt the namespace.';
}
