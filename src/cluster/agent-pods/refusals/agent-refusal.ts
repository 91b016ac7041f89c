import type { ApiError } from '../../api/api-error.ts';
import { applyManifests } from '../agent-namespace.ts';
import { linkDocs } from '../../../failure/docs-link.ts';
import { Failure } from '../../../failure/failure.ts';

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
  return (
    code === 'apiError' && (status === 403 || status === 422 || /webhook|strict decoding error/.test(message))
  );
}

/**
 * Whether the Job controller's next attempt may succeed where this one did not: a namespace that was just made has no
 * service account yet, and quotas are counted by one writer at a time.
 * @param message of the Event that tells of the attempt.
 */
export function isPassingRefusal(message: string): boolean {
  return /serviceaccount "[^"]*" not found|the object has been modified|etcdserver: |context deadline exceeded$/.test(
    message,
  );
}

/** Kubernetes' own words, which no image name can contain. */
const ownPolicy = /ValidatingAdmissionPolicy 'crashcart-agents'/;

const settingFlags = '--agent-label, --agent-annotation, --agent-resource, --agent-patch';

/** Words by which the API server and its admission plugins are known, the most particular first, each with its advice. */
const advices: [words: RegExp, advise: (message: string, namespace: string) => string][] = [
  [ownPolicy, adviseOwnPolicy],
  [
    // https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go
    /because it is being terminated/,
    (_message, namespace) =>
      `The namespace "${namespace}" is being deleted. Wait until it is gone (\`kubectl get namespace ${namespace}\` shows what it waits for), then make it again with \`${applyManifests}\`; or give another one by --agent-namespace.`,
  ],
  [
    /violates PodSecurity/,
    (_message, namespace) =>
      `Agents are privileged: the namespace "${namespace}" needs the label pod-security.kubernetes.io/enforce=privileged, which \`kubectl crashcart manifests\` gives it.`,
  ],
  [
    /security context constraint/,
    (_message, namespace) =>
      `OpenShift admits agents once their service account may be privileged: \`oc adm policy add-scc-to-user privileged -z default -n ${namespace}\`.`,
  ],
  [
    // https://github.com/kubernetes/kubernetes/blob/master/plugin/pkg/admission/limitranger/admission.go
    /(maximum|minimum) \S+ usage per (Container|Pod)|limit to request ratio per/,
    (_message, namespace) =>
      `A LimitRange of the namespace "${namespace}" does not allow the agent's resources. Ask for others, such as --agent-resource limits.memory=1Gi, or widen it: \`kubectl describe limitrange -n ${namespace}\`.`,
  ],
  [
    // The configuration of the quota plugin limits these classes (limitedResources), as GKE's does for critical pods.
    /insufficient quota to match these scopes/,
    (_message, namespace) =>
      `This cluster admits pods of this PriorityClass only in namespaces with a ResourceQuota for it: make one in "${namespace}" whose scopeSelector has the scope PriorityClass (${linkDocs('docs/troubleshooting.md')}).`,
  ],
  [
    /failed quota: .*must specify/,
    (_message, namespace) =>
      `A ResourceQuota of the namespace "${namespace}" wants each container to name this resource: name it by --agent-resource, such as --agent-resource limits.cpu=2, or set a default by a LimitRange there.`,
  ],
  [
    /quota/i,
    (_message, namespace) =>
      `A ResourceQuota of the namespace "${namespace}" has no room for the agent. Ask for less, such as --agent-resource limits.memory=1Gi; raise it; or remove agents without sessions: \`kubectl crashcart clean\`.`,
  ],
  [
    /strict decoding error|: (Invalid|Unsupported|Duplicate) value: |: Forbidden: |: Required value/,
    () => `Correct what is given by ${settingFlags}, or by agentPatch in the configuration.`,
  ],
  [/no PriorityClass with name/, () => 'PriorityClasses: `kubectl get priorityclasses`.'],
  [
    /failed calling webhook/,
    (message) =>
      `The admission webhook${nameWebhook(message)} does not answer, and refuses what it can't look at. Its administrator has to mend it, or to exempt the namespace of agents.`,
  ],
  [
    /admission webhook "/,
    (message) =>
      `The admission webhook${nameWebhook(message)} forbids agents. Give the agent what it asks for (${settingFlags}), or have its administrator exempt the namespace.`,
  ],
];

function advise(message: string, namespace: string): string {
  const found = advices.find(([words]) => words.test(message));
  return (
    found?.[1](message, namespace) ??
    `An admission policy of the cluster forbids agents. Give the agent what it asks for (${settingFlags}), or have its administrator exempt the namespace.`
  );
}

function nameWebhook(message: string): string {
  const name = /webhook "([^"]+)"/.exec(message)?.[1];
  return name === undefined ? '' : ` "${name}"`;
}

/** For the policy in manifests/components/admission-policies, which would not hold in an exempted namespace. */
function adviseOwnPolicy(message: string): string {
  if (/has no volumes/.test(message))
    return 'This policy admits no agent with --toolbox: leave the flag out.';
  if (/ConfigMap|no params found/.test(message))
    return `The images that this policy admits are in the ConfigMap crashcart-agent-images: an administrator adds the image there (${linkDocs('manifests/components/admission-policies/allowed-images.yaml')}).`;
  return 'This policy admits agents of one version of the plugin: an administrator applies the policy of this version (`kubectl crashcart manifests admission-policies`).';
}
