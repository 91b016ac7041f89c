import { createHash } from 'node:crypto';
import { type AgentPatch, applyAgentPatch, type PodTemplate } from './patch/agent-patch.ts';
import { isCriticalClass } from './critical-priority.ts';
import { agentLifetimeSeconds } from '../../session-api/agent-lifetime.ts';
import { agentPaths, agentVariables } from '../../session-api/agent-paths.ts';

/** What the user can choose of an agent. */
export interface AgentOptions {
  namespace: string;
  image: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  imagePullSecrets: string[];
  /** After which an agent without sessions ends; 0: never. */
  idleSeconds: number;
  /** Memory limit of each session. */
  sessionMemoryBytes: number;
  /** The plugin's. */
  version: string;
  /** Image whose files are the root of sessions; null: the agent's own toolbox. */
  toolboxImage: string | null;
  /** PriorityClass of the agent; null: the namespace's or the cluster's default. */
  priorityClass: string | null;
  /** What the user changes of the agent's pod; each is applied to the result of those before. */
  patches: AgentPatch[];
}

/** A Job to create, and the key by which agents like it are found. */
export interface AgentJob {
  /** Hash of the pod's spec and node: agents of the same key can stand in for each other. */
  key: string;
  /** @param slot part of the Job's name: 0, or more while Jobs that have ended hold the names before. */
  render: (slot: number) => AgentJobManifest;
}

/** A Job as it is sent to the API server. */
export interface AgentJobManifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    annotations: Record<string, string>;
    [field: string]: unknown;
  };
  spec: {
    template: { metadata: Record<string, unknown>; spec: Record<string, unknown> };
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

export const agentContainer = 'agent';
/** The volume of a toolbox that is not the agent's own. */
export const toolboxVolume = 'toolbox';
export const agentLabels = {
  name: 'app.kubernetes.io/name',
  key: 'crashcart.dev/key',
  node: 'crashcart.dev/node',
};
export const agentAnnotations = {
  node: 'crashcart.dev/node',
  version: 'crashcart.dev/version',
  /** Of a Job alone: tells the client that asked for it from others. */
  creation: 'crashcart.dev/creation',
};
export const agentLabelSelector = `${agentLabels.name}=crashcart`;

/** What a node and a quota need room for. The limit is that of all sessions of the agent together. */
const agentResources = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { memory: '4Gi' },
} as const;

/** Quantities, by the names of resources. */
export interface ContainerResources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

const ttlSeconds = 30;

/**
 * Describes the agent of a node.
 * @param hasRequests false: without resource requests, for a node that is full. A critical agent has none by default: for
 *   what it asks for, the kubelet would end other pods.
 */
export function describeAgent(
  node: string,
  options: AgentOptions,
  { hasRequests } = { hasRequests: !isCriticalClass(options.priorityClass) },
): AgentJob {
  const template = renderTemplate(node, options, { hasRequests });
  const key = hashTemplate(template);
  const labels = {
    ...template.metadata.labels,
    [agentLabels.name]: 'crashcart',
    [agentLabels.key]: key,
    // A label holds 63 characters, a node's name 253.
    [agentLabels.node]: hash(node),
  };
  const annotations = {
    ...template.metadata.annotations,
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
        // Ends an agent that is never idle, and its sessions. It stands on the Job, since installed agents have the same
        // pod spec.
        activeDeadlineSeconds: agentLifetimeSeconds,
        template: { metadata: { labels, annotations }, spec: template.spec },
      },
    }),
  };
}

/**
 * Renders the pod template of an agent, with what the user changes of it, and without what tells one agent from others.
 * @param node null: its controller chooses.
 * @param hasRequests false: without resource requests.
 * @throws PatchError.
 */
export function renderTemplate(
  node: string | null,
  options: AgentOptions,
  resources: { hasRequests: boolean },
): PodTemplate {
  const template = {
    metadata: { labels: {}, annotations: {} },
    spec: renderPodSpec(node, options, resources),
  };
  return options.patches.reduce<PodTemplate>(
    (patched, patch) => applyAgentPatch(patched, patch, agentContainer),
    template,
  );
}

/** Computes the hash by which labels and names identify a pod template: 16 hexadecimal digits. */
export function hashTemplate({ metadata, spec }: PodTemplate): string {
  const names = [metadata.labels, metadata.annotations];
  const isBare = names.every((named) => Object.keys(named).length === 0);
  return hash(JSON.stringify(isBare ? spec : [spec, ...names]));
}

/** @returns the resources of an agent's container, as quotas count them. */
export function getAgentResources(options: AgentOptions): ContainerResources {
  const { containers } = renderTemplate(null, options, { hasRequests: true }).spec;
  const own = (containers as { name: string; resources?: ContainerResources }[]).find(
    ({ name }) => name === agentContainer,
  );
  return own?.resources ?? {};
}

function renderPodSpec(
  node: string | null,
  options: AgentOptions,
  { hasRequests }: { hasRequests: boolean },
): Record<string, unknown> {
  const { toolboxImage, imagePullPolicy } = options;
  return {
    // Past the scheduler: full, cordoned and tainted nodes are those that need debugging.
    ...(node === null ? {} : { nodeName: node }),
    tolerations: [{ operator: 'Exists' }],
    ...(options.priorityClass !== null && { priorityClassName: options.priorityClass }),
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 2,
    // Shows the containers' processes, to enter them and to watch them end.
    hostPID: true,
    // A broken CNI plugin must not keep the agent from starting.
    hostNetwork: true,
    dnsPolicy: 'Default',
    // The agent never speaks to the API server, so it holds no token that could be stolen.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(options.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: options.imagePullSecrets.map((name) => ({ name })) }),
    // Only then a volume: the kubelet takes 300 ms more to start a pod that has one.
    ...(toolboxImage !== null && {
      volumes: [{ name: toolboxVolume, image: { reference: toolboxImage, pullPolicy: imagePullPolicy } }],
    }),
    containers: [
      {
        name: agentContainer,
        image: options.image,
        imagePullPolicy: options.imagePullPolicy,
        // What a crashed agent wrote last is told: the pod and its log are gone by then.
        terminationMessagePolicy: 'FallbackToLogsOnError',
        env: [
          { name: agentVariables.node, valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: agentVariables.idleSeconds, value: String(options.idleSeconds) },
          { name: agentVariables.sessionMemoryBytes, value: String(options.sessionMemoryBytes) },
          ...(toolboxImage === null
            ? []
            : [{ name: agentVariables.toolboxPath, value: agentPaths.otherToolbox }]),
        ],
        ...(toolboxImage !== null && {
          volumeMounts: [{ name: toolboxVolume, mountPath: agentPaths.otherToolbox, readOnly: true }],
        }),
        // Needed to enter other containers' namespaces (SYS_ADMIN, SYS_PTRACE, SYS_CHROOT), to mount the toolbox, to
        // make a cgroup for each session, and to give debuggers every capability in the target's user namespace.
        securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true },
        resources: {
          // Explicit zeros: without requests the limits count as requests.
          requests: hasRequests ? agentResources.requests : { cpu: '0', memory: '0' },
          limits: agentResources.limits,
        },
      },
    ],
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
