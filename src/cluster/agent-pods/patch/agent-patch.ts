import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { mergeStrategically, PatchError } from './strategic-merge.ts';

const namesSchema = z.record(z.string(), z.string().nullable());
/** What a patch of the agent's pod may have: the pod's labels and annotations, and its spec. */
export const agentPatchSchema = z.strictObject({
  metadata: z.strictObject({ labels: namesSchema, annotations: namesSchema }).partial().optional(),
  spec: z.record(z.string(), z.unknown()).optional(),
});
/** A strategic merge patch of the agent's pod. */
export type AgentPatch = z.infer<typeof agentPatchSchema>;

/** A pod template, as Jobs and DaemonSets have it. */
export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: Record<string, unknown>;
}

/** Fields without which a pod is not an agent, or is one that others can take over. */
const keptOfPod = [
  ...['nodeName', 'hostPID', 'hostNetwork', 'hostUsers', 'shareProcessNamespace', 'restartPolicy'],
  ...['automountServiceAccountToken', 'activeDeadlineSeconds', 'runtimeClassName', 'os'],
];
const keptOfContainer = [
  'image',
  'imagePullPolicy',
  'command',
  'args',
  'workingDir',
  'terminationMessagePath',
];
/** Of the container's securityContext; what else is there, such as a seccomp profile, privileged containers don't have. */
const keptOfSecurity = [
  ...['privileged', 'runAsUser', 'runAsGroup', 'runAsNonRoot', 'readOnlyRootFilesystem'],
  ...['allowPrivilegeEscalation', 'capabilities', 'procMount'],
];
/** Labels and annotations by which agents are found. */
const ownNames = /^crashcart\.dev\/|^app\.kubernetes\.io\/(name|component)$/;

/**
 * Applies a patch of the user's to an agent's pod template.
 * @param container name of the agent's container.
 * @throws PatchError with the field's name, when a patch changes what the agent needs.
 */
export function applyAgentPatch(template: PodTemplate, patch: AgentPatch, container: string): PodTemplate {
  refuseOwnNames(patch);
  const merged = mergeStrategically({ ...template }, { ...patch }) as unknown as PodTemplate;
  const changed = findChange(template.spec, merged.spec, container);
  if (changed !== null)
    throw new PatchError(
      changed === 'spec.priorityClassName'
        ? 'spec.priorityClassName is given by --priority'
        : `the agent needs ${changed} as it is`,
    );
  const { labels = {}, annotations = {} } = merged.metadata;
  return { metadata: { labels, annotations }, spec: merged.spec };
}

function refuseOwnNames({ metadata = {} }: AgentPatch): void {
  for (const [kind, names = {}] of Object.entries(metadata)) {
    const own = Object.keys(names).find((name) => ownNames.test(name));
    if (own !== undefined) throw new PatchError(`the agent needs metadata.${kind}["${own}"] as it is`);
  }
}

/** @returns the path of the first kept field that differs; null when none does. */
function findChange(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  container: string,
): string | null {
  const field = [...keptOfPod, 'priorityClassName'].find(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  );
  if (field !== undefined) return `spec.${field}`;
  if (getFields(after['securityContext'])['runAsNonRoot'] === true)
    return 'spec.securityContext.runAsNonRoot';
  const volume = findLost(before['volumes'], after['volumes'], 'name');
  if (volume !== null) return `spec.volumes[${volume}]`;
  const [own, patched] = [before, after].map((spec) => findItem(spec['containers'], 'name', container));
  const place = `spec.containers[${container}]`;
  if (!own || !patched) return place;
  const ofContainer = keptOfContainer.find((name) => !isDeepStrictEqual(own[name], patched[name]));
  if (ofContainer !== undefined) return `${place}.${ofContainer}`;
  const [security, patchedSecurity] = [own, patched].map((fields) => getFields(fields['securityContext']));
  const ofSecurity = keptOfSecurity.find(
    (name) => !isDeepStrictEqual(security?.[name], patchedSecurity?.[name]),
  );
  if (ofSecurity !== undefined) return `${place}.securityContext.${ofSecurity}`;
  for (const [list, key] of [
    ['env', 'name'],
    ['volumeMounts', 'mountPath'],
  ] as const) {
    const lost = findLost(own[list], patched[list], key);
    if (lost !== null) return `${place}.${list}[${lost}]`;
  }
  return null;
}

/** @returns the key of the first item that is gone or changed; null when all are as they were. */
function findLost(before: unknown, after: unknown, key: string): string | null {
  const lost = listItems(before).find(
    (item) => !isDeepStrictEqual(findItem(after, key, String(item[key])), item),
  );
  return lost === undefined ? null : String(lost[key]);
}

function findItem(list: unknown, key: string, name: string): Record<string, unknown> | undefined {
  return listItems(list).find((item) => item[key] === name);
}

function listItems(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.map(getFields) : [];
}

function getFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
