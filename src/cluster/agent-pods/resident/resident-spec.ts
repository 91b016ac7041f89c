import {
  agentAnnotations,
  agentLabels,
  type AgentOptions,
  hashTemplate,
  renderTemplate,
} from '../agent-spec.ts';

/** Which nodes get an agent, and how urgent the agents are. */
export interface ResidentPlacement {
  /** Labels that a node must have; none: all nodes. */
  nodeSelector: Record<string, string>;
  /** null: those of every taint. */
  tolerations: Toleration[] | null;
  priorityClass: string | null;
}

/** As in a pod spec. */
export interface Toleration {
  key: string;
  operator: 'Exists' | 'Equal';
  value?: string;
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** The DaemonSet of agents, as it is sent to the API server. */
export interface ResidentManifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; [field: string]: unknown };
  spec: { template: { spec: Record<string, unknown>; [field: string]: unknown }; [field: string]: unknown };
  [field: string]: unknown;
}

export const residentName = 'crashcart-resident';
export const residentLabels = { component: 'app.kubernetes.io/component', key: 'crashcart.dev/resident-key' };
/** One DaemonSet for each namespace of agents. The selector of a DaemonSet can't be changed. */
const selector = { [agentLabels.name]: 'crashcart', [residentLabels.component]: 'resident' };

/**
 * Computes the key by which a client recognises a compatible resident agent: a session is the same in agents of the same
 * key. The key leaves out what a client does not know (the agents' placement, how their image was pulled), their idle
 * time, since resident agents have none, and the node, which their pods have in their spec.
 */
export function computeResidentKey(options: AgentOptions): string {
  const shared = { ...options, imagePullSecrets: [], idleSeconds: 0, priorityClass: null };
  return hashTemplate(renderTemplate(null, shared, { hasRequests: true }));
}

/** Describes the DaemonSet that keeps an agent on all nodes, or some: the agents are those that a Job would make. */
export function describeResidentAgents(
  options: AgentOptions,
  { nodeSelector, tolerations, priorityClass }: ResidentPlacement,
): ResidentManifest {
  const { metadata, spec } = renderTemplate(
    null,
    { ...options, idleSeconds: 0, priorityClass },
    { hasRequests: true },
  );
  const labels = { ...metadata.labels, ...selector };
  const annotations = { ...metadata.annotations, [agentAnnotations.version]: options.version };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: residentName, namespace: options.namespace, labels, annotations },
    spec: {
      selector: { matchLabels: selector },
      // All at once: a session makes an agent of its own where the resident one is being replaced.
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
      template: {
        metadata: {
          labels: { ...labels, [residentLabels.key]: computeResidentKey(options) },
          annotations,
        },
        spec: {
          ...spec,
          restartPolicy: 'Always',
          ...(tolerations === null ? {} : { tolerations }),
          ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
        },
      },
    },
  };
}
