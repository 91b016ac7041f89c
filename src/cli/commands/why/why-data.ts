import { countEvent, findLastTime } from '../../../cluster/target/pod-events.ts';
import { findLastEnd, type ReportedContainer } from '../../../cluster/diagnosis/container-causes.ts';
import type { Known } from '../../../cluster/diagnosis/known.ts';
import type { PodReport } from '../../../cluster/diagnosis/pod-report.ts';

/** The newest Events that are told. */
const maxEvents = 12;

/** What `why` prints, as `-o json` has it. */
export type WhyData = ReturnType<typeof describeReport>;

/** Brings a report into the shape that is printed. */
export function describeReport(report: PodReport) {
  const { pod, total, ready, causes, containers, events, logs, node, change, next } = report;
  const { metadata, spec, status } = pod;
  const missing = [
    describeMissing('events', events),
    node && describeMissing('node', node),
    describeMissing('last change', change),
    ...logs.map(({ container, lines }) => describeMissing(`log of ${container}`, lines)),
  ];
  return {
    pod: {
      namespace: metadata.namespace,
      name: metadata.name,
      node: spec.nodeName || null,
      phase: status.phase,
      created: metadata.creationTimestamp,
      owners: metadata.ownerReferences.map(({ kind, name }) => `${kind}/${name}`),
    },
    /** Of the target: the pod that is told of is the one that is the least well. */
    pods: { total, ready },
    causes,
    containers: containers.map(describeContainer),
    change: 'known' in change ? change.known : null,
    events: 'known' in events ? events.known.slice(-maxEvents).map(describeEvent) : [],
    logs: logs.flatMap(({ container, isPrevious, lines }) =>
      'known' in lines ? [{ container, previous: isPrevious, lines: lines.known }] : [],
    ),
    nodeConditions:
      node !== null && 'known' in node
        ? node.known.status.conditions.map(({ type, status: value, reason, message }) => ({
            ...{ type, status: value, reason, message },
          }))
        : [],
    /** What could not be read, and why. */
    unknown: missing.filter((part) => part !== null),
    next,
  };
}

function describeMissing(what: string, part: Known<unknown>): { what: string; why: string } | null {
  return 'unknown' in part ? { what, why: part.unknown } : null;
}

function describeContainer({ kind, container, status }: ReportedContainer) {
  const { name, image = '', resources } = container;
  const { waiting, running, terminated } = status?.state ?? {};
  const ended = findLastEnd(status);
  const state = running ? 'Running' : (waiting?.reason ?? terminated?.reason ?? 'Waiting');
  return {
    ...{ name, kind, image, state },
    ready: status?.ready ?? false,
    restarts: status?.restartCount ?? 0,
    started: running?.startedAt ?? null,
    lastEnd: ended && {
      exitCode: ended.exitCode,
      reason: ended.reason,
      started: ended.startedAt,
      finished: ended.finishedAt,
    },
    requests: resources.requests,
    limits: resources.limits,
  };
}

function describeEvent(event: Parameters<typeof findLastTime>[0]) {
  const { type, reason, message, involvedObject } = event;
  const container = /\{(.+)\}$/.exec(involvedObject.fieldPath)?.[1] ?? null;
  return { last: findLastTime(event), count: countEvent(event), ...{ type, reason, container, message } };
}
