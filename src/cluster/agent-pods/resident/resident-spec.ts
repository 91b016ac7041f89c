import { agentAnnotations, agentLabels, type AgentOptions, hashSpec, renderPodSpec } from '../agent-spec.ts';

/** Where agents are kept, and how urgent they are. */
export interface ResidentPlacement {
  /** Labels of the nodes; none: all nodes. */
  nodeSelector: Record<string, string>;
  /** null: any taint. */
  tolerations: Toleration[] | null;
  priorityClass: string | null;
}
export interface Toleration {
  key: string;
  operator: 'Exists' | 'Equal';
  value?: string;
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface ResidentManifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; [field: string]: unknown };
  spec: { template: { spec: Record<string, unknown>; [field: string]: unknown }; [field: string]: unknown };
  [field: string]: unknown;
}

export const residentName = 'crashcart-resident';
export const residentLabels = { component: 'app.kubernetes.io/component', key: 'crashcart.dev/resident-key' };
/** One DaemonSet for each namespace of agents: its selector can't be changed. */
const selector = { [agentLabels.name]: 'crashcart', [residentLabels.component]: 'resident' };

/**
 * Tells by what clients and resident agents know that they fit: a session is the same in agents of the same key. A
 * client knows neither where the agents are kept nor how their image was pulled, and asks for an idle time that they
 * don't have: none of that is in it, nor is the node, which their pods have in their spec.
 */
export function computeResidentKey(options: AgentOptions): string {
  return hashSpec(renderPodSpec(null, { ...options, imagePullSecrets: [], idleSeconds: 0 }, true));
}

/** Describes the agents that are kept on all nodes, or on some of them: each as a Job would make it. */
export function describeResidentAgents(
  options: AgentOptions,
  { nodeSelector, tolerations, priorityClass }: ResidentPlacement,
): ResidentManifest {
  const spec = renderPodSpec(null, { ...options, idleSeconds: 0 }, true);
  const annotations = { [agentAnnotations.version]: options.version };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: residentName, namespace: options.namespace, labels: selector, annotations },
    spec: {
      selector: { matchLabels: selector },
      // All at once: where an agent is away, a session makes one.
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
      template: {
        metadata: {
          labels: { ...selector, [residentLabels.key]: computeResidentKey(options) },
          annotations,
        },
        spec: {
          ...spec,
          restartPolicy: 'Always',
          ...(tolerations === null ? {} : { tolerations }),
          ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
          ...(priorityClass === null ? {} : { priorityClassName: priorityClass }),
        },
      },
    },
  };
}
