import type { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';

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

/** In the words of Kubernetes; an image's name can't have them. */
const ownPolicy = /ValidatingAdmissionPolicy 'crashcart-agents'/;

function advise(message: string, namespace: string): string {
  if (ownPolicy.test(message)) return adviseOwnPolicy(message);
  if (/PodSecurity/.test(message))
    return `Agents are privileged: the namespace "${namespace}" needs the label pod-security.kubernetes.io/enforce=privileged (manifests/namespace.yaml).`;
  if (/quota/i.test(message)) return `A ResourceQuota of the namespace "${namespace}" is in the way.`;
  return 'An admission policy of the cluster is in the way: its administrator has to exempt the namespace.';
}

/** The way of manifests/components/admission-policies: an exempted namespace would be without it. */
function adviseOwnPolicy(message: string): string {
  if (/has no volumes/.test(message)) return 'This policy admits no agent with --toolbox: leave that out.';
  if (/ConfigMap|no params found/.test(message))
    return 'The images that this policy admits are in the ConfigMap crashcart-agent-images: an administrator adds the image there (manifests/components/admission-policies/allowed-images.yaml).';
  return 'This policy admits agents as this version of the plugin makes them: an administrator applies that of the same version (manifests/components/admission-policies).';
}
