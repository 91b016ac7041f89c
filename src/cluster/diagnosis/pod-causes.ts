import type { KubernetesEvent, Node, Pod } from '../api/objects/kubernetes-objects.ts';
import { describeNotReady } from '../target/node-checks.ts';
import type { Cause } from './cause.ts';
import { findLastEvent } from '../target/pod-events.ts';

/** What keeps a pod's containers from being made: https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/events/event.go */
const makingReasons = [
  ...['FailedMount', 'FailedAttachVolume', 'FailedMapVolume', 'FailedCreatePodSandBox', 'NetworkNotReady'],
  ...['FailedPrepareDynamicResources', 'FailedSync'],
];
const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** Finds what is wrong with a pod as a whole. @param all its Events. */
export function findPodCauses(pod: Pod, all: KubernetesEvent[]): Cause[] {
  return [
    describeEnd(pod),
    describeDeletion(pod),
    describeDisruption(pod),
    describeSchedule(pod),
    describeMaking(pod, all),
  ]
    .filter((text) => text !== null)
    .map((text) => ({ about: 'pod', text }));
}

/** Finds what is wrong with the node of a pod. @param node null: it is gone, or not known. */
export function findNodeCauses(node: Node | null): Cause[] {
  if (node === null) return [];
  const about = `node "${node.metadata.name}"`;
  const { conditions } = node.status;
  const notReady = describeNotReady(conditions);
  const texts = [
    ...(notReady === null ? [] : [`is not ready: ${notReady}`]),
    ...conditions
      .filter(({ type, status }) => pressures.includes(type) && status === 'True')
      .map(({ type, message }) => `is under pressure: ${type}${message === '' ? '' : ` (${message})`}`),
  ];
  return texts.map((text) => ({ about, text }));
}

/** An eviction, a deadline, a node that has refused it: the reason is the pod's, and no container's. */
function describeEnd({ status }: Pod): string | null {
  const { phase, reason, message } = status;
  if (phase !== 'Failed' || reason === '') return null;
  return `has ended: ${reason}${message === '' ? '' : `: ${message}`}`;
}

function describeDeletion({ metadata }: Pod): string | null {
  const { deletionTimestamp, finalizers } = metadata;
  if (deletionTimestamp === null) return null;
  const held =
    finalizers.length === 0 ? '' : `; finalizers that are not done keep it: ${finalizers.join(', ')}`;
  return `is being deleted, at the latest by ${deletionTimestamp}${held}`;
}

/** https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
function describeDisruption({ status }: Pod): string | null {
  const found = status.conditions.find(
    ({ type, status: value }) => type === 'DisruptionTarget' && value === 'True',
  );
  // An eviction for want of resources is in the pod's own reason already.
  if (!found || (status.reason !== '' && found.reason === 'TerminationByKubelet')) return null;
  return `was chosen to go: ${found.reason}${found.message === '' ? '' : `: ${found.message}`}`;
}

function describeSchedule({ status }: Pod): string | null {
  const scheduled = status.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return null;
  return `is not scheduled: ${scheduled.reason}${scheduled.message === '' ? '' : `: ${scheduled.message}`}`;
}

function describeMaking({ status }: Pod, all: KubernetesEvent[]): string | null {
  const statuses = [...status.containerStatuses, ...status.initContainerStatuses];
  const isMaking = statuses.some(({ state }) =>
    ['ContainerCreating', 'PodInitializing'].includes(state.waiting?.reason ?? ''),
  );
  const event = isMaking ? findLastEvent(all, makingReasons, null) : null;
  return event === null ? null : `can't start its containers: ${event.reason}: ${event.message}`;
}
