import { createHash } from 'node:crypto';
import { agentLifetimeSeconds } from '../../session-api/agent-lifetime.ts';
import { otherToolboxPath, relayPath } from '../../session-api/protocol-version.ts';

/** What of an agent the user can choose. */
export interface AgentOptions {
  namespace: string;
  image: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  imagePullSecrets: string[];
  /** 0: it does not end by itself. */
  idleSeconds: number;
  sessionMemoryBytes: number;
  version: string;
  /** Image whose files are the root of sessions; null: the agent's own toolbox. */
  toolboxImage: string | null;
}

/** A Job to create, and how agents made like it are found. */
export interface AgentJob {
  /** Hash of the pod's spec and node: agents of the same key can stand in for each other. */
  key: string;
  /** @param slot the first whose name is not taken by a Job that has ended. */
  render: (slot: number) => AgentJobManifest;
}
export interface AgentJobManifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; [field: string]: unknown };
  spec: {
    template: { metadata: Record<string, unknown>; spec: Record<string, unknown> };
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

export const agentContainer = 'agent';
/** The volume of another toolbox than the agent's own. */
export const toolboxVolume = 'toolbox';
export const agentRelay = relayPath;
export const agentLabels = {
  name: 'app.kubernetes.io/name',
  key: 'crashcart.dev/key',
  node: 'crashcart.dev/node',
};
export const agentAnnotations = { node: 'crashcart.dev/node', version: 'crashcart.dev/version' };
export const agentLabelSelector = `${agentLabels.name}=crashcart`;

/** What a node and a quota have to have room for. The limit is of all its sessions together. */
export const agentResources = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { memory: '4Gi' },
} as const;

const ttlSeconds = 30;

/**
 * Describes the agent of a node.
 * @param reserve false: without any request of resources, for a node that is full.
 */
export function describeAgent(node: string, options: AgentOptions, reserve = true): AgentJob {
  const spec = renderPodSpec(node, options, reserve);
  const key = hashSpec(spec);
  const labels = {
    [agentLabels.name]: 'crashcart',
    [agentLabels.key]: key,
    // A label holds 63 characters, a node's name 253.
    [agentLabels.node]: hash(node),
  };
  const annotations = {
    [agentAnnotations.node]: node,
    [agentAnnotations.version]: options.version,
  };
  return {
    key,
    render: (slot) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `crashcart-${key}-${slot}`, namespace: options.namespace, labels, annotations },
      spec: {
        backoffLimit: 0,
        ttlSecondsAfterFinished: ttlSeconds,
        // Ends an agent that never gets idle, and its sessions. On the Job: the pod's spec is also that of agents that
        // are kept.
        activeDeadlineSeconds: agentLifetimeSeconds,
        template: { metadata: { labels, annotations }, spec },
      },
    }),
  };
}

/**
 * Renders the pod's spec of an agent.
 * @param node null: wherever its controller puts it.
 * @param reserve false: without any request of resources.
 */
export function renderPodSpec(
  node: string | null,
  options: AgentOptions,
  reserve: boolean,
): Record<string, unknown> {
  const { toolboxImage, imagePullPolicy } = options;
  return {
    // Not by the scheduler: a full, cordoned or tainted node is what one wants to look at.
    ...(node === null ? {} : { nodeName: node }),
    tolerations: [{ operator: 'Exists' }],
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 2,
    // The containers' processes, to enter them and to watch them end.
    hostPID: true,
    // So that a broken CNI plugin does not keep the agent from starting.
    hostNetwork: true,
    dnsPolicy: 'Default',
    // The agent never speaks to the API server: nothing to steal.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(options.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: options.imagePullSecrets.map((name) => ({ name })) }),
    // Without a volume otherwise: the kubelet takes 300 ms more to start a pod that has any.
    ...(toolboxImage !== null && {
      volumes: [{ name: toolboxVolume, image: { reference: toolboxImage, pullPolicy: imagePullPolicy } }],
    }),
    containers: [
      {
        name: agentContainer,
        image: options.image,
        imagePullPolicy: options.imagePullPolicy,
        env: [
          { name: 'CRASHCART_NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: 'CRASHCART_IDLE_SECONDS', value: String(options.idleSeconds) },
          { name: 'CRASHCART_SESSION_MEMORY_BYTES', value: String(options.sessionMemoryBytes) },
          ...(toolboxImage === null ? [] : [{ name: 'CRASHCART_TOOLBOX', value: otherToolboxPath }]),
        ],
        ...(toolboxImage !== null && {
          volumeMounts: [{ name: toolboxVolume, mountPath: otherToolboxPath, readOnly: true }],
        }),
        // Entering other containers' namespaces (SYS_ADMIN, SYS_PTRACE, SYS_CHROOT), mounting the toolbox,
        // making a cgroup a session and giving debuggers every capability in the target's user namespace.
        securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true },
        resources: {
          // Explicit zeros: without them the limits count as requests.
          requests: reserve ? agentResources.requests : { cpu: '0', memory: '0' },
          limits: agentResources.limits,
        },
      },
    ],
  };
}

/** @returns what stands in labels and names for a spec. */
export function hashSpec(spec: Record<string, unknown>): string {
  return hash(JSON.stringify(spec));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
