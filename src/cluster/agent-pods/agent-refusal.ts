import type { ApiError } from '../api/api-error.ts';
import { linkDocs } from '../../failure/docs-link.ts';
import { Failure } from '../../failure/failure.ts';

/**
 * Describes that the cluster does not admit an agent, in the cluster's words, and what to change.
 * @param what which of the agent's objects was refused.
 * @param message the cluster's.
 * @param warnings of the API server when the agent's Job was made.
 * @returns Failure `agentRefused`.
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

/** Whether admission refused the request: policies answer with 422, webhooks with a status of their choice. */
export function isRefusal({ code, status, message }: ApiError): boolean {
  return code === 'apiError' && (status === 403 || status === 422 || /webhook/.test(message));
}

/** Kubernetes' own words, which no image name can contain. */
const ownPolicy = /ValidatingAdmissionPolicy 'crashcart-agents'/;

function advise(message: string, namespace: string): string {
  if (ownPolicy.test(message)) return adviseOwnPolicy(message);
  if (/PodSecurity/.test(message))
    return `Agents are privileged: the namespace "${namespace}" needs the label pod-security.kubernetes.io/enforce=privileged, which \`kubectl crashcart manifests\` gives it.`;
  if (/quota/i.test(message))
    return `A ResourceQuota of the namespace "${namespace}" has no room for the agent.`;
  return 'An admission policy of the cluster forbids agents: its administrator has to exempt the namespace.';
}

/** For the policy in manifests/components/admission-policies, which would not hold in an exempted namespace. */
function adviseOwnPolicy(message: string): string {
  if (/has no volumes/.test(message))
    return 'This policy admits no agent with --toolbox: leave the flag out.';
  if (/ConfigMap|no params found/.test(message))
    return `The images that this policy admits are in the ConfigMap crashcart-agent-images: an administrator adds the image there (${linkDocs('manifests/components/admission-policies/allowed-images.yaml')}).`;
  return 'This policy admits agents of one version of the plugin: an administrator applies the policy of this version (`kubectl crashcart manifests admission-policies`).';
}
