import { formatAge } from '../../../terminal/age.ts';
import { type Markup, markup } from './markup.ts';
import { nameWidth, pictureWidth, shortenName } from './picture-layout.ts';
import type { WhyData } from './why-data.ts';

type Container = WhyData['containers'][number];

const rowHeight = 30;
/** A run that was over at once is seen, too. */
const minRunWidth = 3;

/** A run of a container, as far as the API tells. */
interface Run {
  start: number;
  end: number;
  /** Of style: how it stands, or how it ended. */
  kind: 'running' | 'completed' | 'failed';
  text: string;
}

/**
 * Draws the runs of the containers and the Events that warn of something, over time. The API keeps the present run of a
 * container and the one before.
 * @returns an SVG; null when nothing has run.
 */
export function drawRuns({ containers, events }: WhyData, now: Date): Markup | null {
  const rows = containers.map((container) => ({ container, runs: listRuns(container, now) }));
  const warnings = events
    .filter(({ type }) => type === 'Warning')
    .map((event) => ({ ...event, at: Date.parse(event.last ?? '') }))
    .filter(({ at }) => Number.isFinite(at));
  const times = [
    ...rows.flatMap(({ runs }) => runs.map(({ start }) => start)),
    ...warnings.map(({ at }) => at),
  ];
  if (times.length === 0) return null;
  const start = Math.min(...times);
  const span = Math.max(1000, now.getTime() - start);
  const place = (time: number) =>
    Math.round(nameWidth + Math.min(1, Math.max(0, (time - start) / span)) * (pictureWidth - nameWidth - 10));
  const axis = rows.length * rowHeight + 8;
  return markup`<svg viewBox="0 0 ${pictureWidth} ${axis + 24}" role="img">
<title>Runs of the containers, and warnings</title>
${rows.map(({ container, runs }, index) => {
  const top = index * rowHeight + 4;
  const own = warnings.filter((event) => event.container === container.name);
  return [
    markup`<text x="0" y="${top + 15}">${shortenName(container.name)}: ${container.restarts} restarts</text>\n`,
    ...runs.map((run) => {
      const left = place(run.start);
      const length = Math.max(minRunWidth, place(run.end) - left);
      return markup`<rect class="${run.kind}" x="${left}" y="${top}" width="${length}" height="18"><title>${run.text}</title></rect>\n`;
    }),
    ...own.map(
      ({ at, reason, count, message }) =>
        markup`<circle class="warning" cx="${place(at)}" cy="${top + 22}" r="3"><title>${reason}, ${count} times: ${message}</title></circle>\n`,
    ),
  ];
})}<line x1="${nameWidth}" y1="${axis}" x2="${pictureWidth - 10}" y2="${axis}"/>
<text x="${nameWidth}" y="${axis + 18}">${formatAge(new Date(start), now)} ago</text>
<text x="${pictureWidth - 10}" y="${axis + 18}" text-anchor="end">now</text>
</svg>`;
}

function listRuns({ name, started, lastEnd, restarts }: Container, now: Date): Run[] {
  const runs: Run[] = [];
  if (lastEnd !== null)
    runs.push({
      start: Date.parse(lastEnd.started ?? ''),
      end: Date.parse(lastEnd.finished ?? ''),
      kind: lastEnd.exitCode === 0 ? 'completed' : 'failed',
      text: `${name} ended: exit code ${lastEnd.exitCode} (${lastEnd.reason})`,
    });
  if (started !== null)
    runs.push({
      ...{ start: Date.parse(started), end: now.getTime(), kind: 'running' },
      text: `${name} runs, after ${restarts} restarts`,
    });
  return runs.filter(({ start, end }) => Number.isFinite(start) && Number.isFinite(end));
}
