import { escapeText } from '../../../failure/escape-text.ts';
import { formatAge } from '../../../terminal/age.ts';
import { formatTable } from '../../../terminal/table.ts';
import type { WhyData } from './why-data.ts';

/**
 * Lays a report out on a page.
 * @param maxWidth columns of the terminal; null: lines are not wrapped.
 * @param now for ages.
 */
export function formatReport(data: WhyData, maxWidth: number | null, now = new Date()): string {
  const age = (time: string | null) => (time ? formatAge(new Date(time), now) : '-');
  const { causes, containers, change, events, logs, unknown, next } = data;
  const sections = [
    `${escapeText(describePod(data, age))}\n`,
    section(
      'WHY',
      causes.length === 0 ? [describeHealth(data)] : causes.map(({ about, text }) => `${about} ${text}`),
    ),
    formatTable(
      ['CONTAINER', 'STATE', 'READY', 'RESTARTS', 'LAST END', 'REQUESTS', 'LIMITS', 'IMAGE'],
      containers.map((container) => formatContainer(container, age)),
      maxWidth,
    ),
    change &&
      section(
        `LAST CHANGE: revision ${change.revision} of deployment ${change.deployment}, ${age(change.since)} ago`,
        change.changes,
      ),
    events.length === 0
      ? null
      : formatTable(
          ['EVENT', 'AGE', 'COUNT', 'MESSAGE'],
          events.map(({ reason, last, count, container, message }) => [
            ...[reason, age(last), String(count)],
            `${container === null ? '' : `${container}: `}${message}`,
          ]),
          maxWidth,
        ),
    ...logs.map(({ container, previous, lines }) =>
      section(
        `LOG of ${container}${previous ? ', previous run' : ''}`,
        lines.length === 0 ? ['(nothing)'] : lines,
      ),
    ),
    formatNode(data),
    unknown.length === 0
      ? null
      : section(
          'NOT KNOWN',
          unknown.map(({ what, why }) => `${what}: ${why}`),
        ),
    next.length === 0
      ? null
      : section(
          'NEXT',
          next.map(({ command, purpose }) => `${command}   # ${purpose}`),
        ),
  ];
  return sections.filter((part) => part !== null).join('\n');
}

type FormatAge = (time: string | null) => string;

/** @returns in one line which pod it is. */
export function describePod({ pod, pods }: WhyData, age: FormatAge): string {
  const { namespace, name, node, phase, created, owners } = pod;
  const of = owners.length === 0 ? '' : ` of ${owners.join(', ')}`;
  const where = node === null ? 'on no node yet' : `on node ${node}`;
  const others =
    pods.total > 1 ? `; ${pods.ready} of ${pods.total} pods are ready, this one is the least well` : '';
  return `pod ${namespace}/${name}${of}, ${where}: ${phase}, made ${age(created)} ago${others}`;
}

/** @returns what there is to say where no cause is known. */
export function describeHealth({ pod, containers, unknown }: WhyData): string {
  if (pod.phase === 'Succeeded') return 'nothing is wrong: the pod has completed';
  const isReady = containers.every(
    ({ kind, ready, state }) => ready || kind !== 'container' || state === 'Completed',
  );
  if (pod.phase === 'Running' && isReady)
    return unknown.length === 0
      ? 'nothing is wrong, as far as the API tells'
      : 'nothing is wrong in what could be read';
  return `no reason is known yet for the phase ${pod.phase}`;
}

function formatContainer(container: WhyData['containers'][number], age: FormatAge): string[] {
  const { name, kind, state, ready, restarts, requests, limits, image } = container;
  return [
    kind === 'container' ? name : `${name} (${kind})`,
    ...[state, ready ? 'yes' : 'no', String(restarts), formatEnd(container, age)],
    ...[formatAmounts(requests), formatAmounts(limits), image],
  ];
}

/** @returns how the last run of a container ended; a dash when none has. */
export function formatEnd({ lastEnd }: WhyData['containers'][number], age: FormatAge): string {
  return lastEnd === null ? '-' : `${lastEnd.exitCode} ${lastEnd.reason}, ${age(lastEnd.finished)} ago`;
}

/** @returns amounts of resources in one cell. */
export function formatAmounts(amounts: Record<string, string>): string {
  const parts = Object.entries(amounts).map(([resource, amount]) => `${resource}=${amount}`);
  return parts.length === 0 ? '-' : parts.join(',');
}

function formatNode({ pod, nodeConditions }: WhyData): string | null {
  if (nodeConditions.length === 0) return null;
  const states = nodeConditions.map(({ type, status }) => `${type}=${status}`);
  return section(`NODE ${pod.node ?? ''}`, [states.join(', ')]);
}

/** @param lines may hold text of the target: none of them can look like a heading. */
function section(heading: string, lines: string[]): string {
  return [heading, ...lines.map((line) => `  ${line.trimEnd().replaceAll('\n', '\n    ')}`)]
    .map((line) => `${escapeText(line)}\n`)
    .join('');
}
