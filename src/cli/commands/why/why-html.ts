import { createHash } from 'node:crypto';
import { formatAge } from '../../../terminal/age.ts';
import { drawAmounts } from './amount-picture.ts';
import { Markup, markup } from './markup.ts';
import { drawRuns } from './run-picture.ts';
import type { WhyData } from './why-data.ts';
import { describeHealth, describePod, formatAmounts, formatEnd } from './why-page.ts';

const style = `
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin-top: 1.8rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8886; }
pre, code, td { overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: #8881; padding: .6rem; max-height: 30rem; overflow: auto; }
.why { font-weight: 600; }
svg { width: 100%; max-width: 720px; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
svg line { stroke: #888; }
.running, .request { fill: #2a7; } .completed { fill: #78a; } .failed, .warning { fill: #d33; } .limit { fill: #8885; }
`;

/**
 * Everything on the page comes from the cluster. No script can run there, whatever has been missed, and nothing is
 * loaded: https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
 */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * Lays a report out as one page of HTML, which needs no other file.
 * @param now for ages.
 */
export function formatHTML(data: WhyData, now = new Date()): string {
  const age = (time: string | null) => (time ? formatAge(new Date(time), now) : '-');
  const { pod, causes, containers, change, events, logs, nodeConditions, unknown, next } = data;
  const reasons = causes.map(({ about, text }) => `${about} ${text}`);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>why ${pod.namespace}/${pod.name}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<h1>${describePod(data, age)}</h1>
<p>As of ${now.toISOString()}, by <code>kubectl crashcart why</code>.</p>
${section('Why', list(reasons.length === 0 ? [describeHealth(data)] : reasons, 'why'))}
${section('Runs', drawRuns(data, now), 'The present run of each container, the one before, and when each warning came last.')}
${section('Memory', drawAmounts(containers, 'memory'), 'Requests (narrow) and limits (wide).')}
${section('CPU', drawAmounts(containers, 'cpu'), 'Requests (narrow) and limits (wide).')}
${section(
  'Containers',
  table(
    ['container', 'state', 'ready', 'restarts', 'last end', 'requests', 'limits', 'image'],
    containers.map((container) => [
      container.kind === 'container' ? container.name : `${container.name} (${container.kind})`,
      ...[container.state, container.ready ? 'yes' : 'no', String(container.restarts)],
      ...[formatEnd(container, age), formatAmounts(container.requests), formatAmounts(container.limits)],
      container.image,
    ]),
  ),
)}
${change && section(`Last change: revision ${change.revision} of deployment ${change.deployment}, ${age(change.since)} ago`, list(change.changes))}
${section(
  'Events',
  table(
    ['event', 'age', 'count', 'message'],
    events.map(({ reason, last, count, container, message }) => [
      ...[reason, age(last), String(count)],
      `${container === null ? '' : `${container}: `}${message}`,
    ]),
  ),
)}
${logs.map(({ container, previous, lines }) =>
  section(
    `Log of ${container}${previous ? ', previous run' : ''}`,
    markup`<pre>${lines.length === 0 ? '(nothing)' : lines.join('\n')}</pre>`,
  ),
)}
${section(`Node ${pod.node ?? ''}`, list(nodeConditions.map(({ type, status, message }) => `${type}=${status}: ${message}`)))}
${section('Not known', list(unknown.map(({ what, why }) => `${what}: ${why}`)))}
${section(
  'Next',
  table(
    ['command', 'what for'],
    next.map(({ command, purpose }) => [command, purpose]),
  ),
)}
</body>
</html>
`;
  return page.html;
}

/** @returns null when there is nothing to show. */
function section(heading: string, content: Markup | null, legend: string | null = null): Markup | null {
  if (content === null) return null;
  return markup`<h2>${heading}</h2>\n${legend && markup`<p>${legend}</p>\n`}${content}`;
}

function list(lines: string[], kind = 'lines'): Markup | null {
  if (lines.length === 0) return null;
  return markup`<ul class="${kind}">${lines.map((line) => markup`<li>${line}</li>`)}</ul>`;
}

function table(heads: string[], rows: string[][]): Markup | null {
  if (rows.length === 0) return null;
  return markup`<table><tr>${heads.map((head) => markup`<th>${head}</th>`)}</tr>
${rows.map((cells) => markup`<tr>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>\n`)}</table>`;
}
