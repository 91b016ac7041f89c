import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { eventSchema, podSchema } from '../../../cluster/api/objects/kubernetes-objects.ts';
import { listContainers } from '../../../cluster/diagnosis/container-causes.ts';
import { describeReport } from './why-data.ts';
import { formatHTML } from './why-html.ts';

const hostile = `</title></style></pre></svg><script>alert(1)</script><img src=x onerror=alert(2)>"'&amp;\u001b[2J\u202e`;
/** As the page shows it. */
const shown = hostile.replace('\u001b', String.raw`\x1b`).replace('\u202e', String.raw`\u202e`);

/** Whose every text is the cluster's. @param text in all of them. */
function describeWhy(text: string) {
  const pod = podSchema.parse({
    metadata: { name: text, namespace: text, creationTimestamp: '2026-01-10T09:00:00Z' },
    spec: {
      nodeName: text,
      containers: [
        {
          ...{ name: text, image: text },
          resources: { limits: { memory: '64Mi', cpu: '200m' }, requests: { memory: '32Mi' } },
        },
        { name: 'proxy', image: 'proxy:1' },
      ],
    },
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          ...{ name: text, restartCount: 7, state: { running: { startedAt: '2026-01-10T10:00:30Z' } } },
          lastState: {
            terminated: {
              ...{ exitCode: 3, reason: text, startedAt: '2026-01-10T10:00:00Z' },
              finishedAt: '2026-01-10T10:00:10Z',
            },
          },
        },
      ],
    },
  });
  const event = eventSchema.parse({
    ...{ type: 'Warning', reason: text, message: text, count: 7, lastTimestamp: '2026-01-10T10:00:20Z' },
    involvedObject: { fieldPath: `spec.containers{${text}}` },
  });
  return describeReport({
    ...{ pod, total: 3, ready: 2, containers: listContainers(pod), events: { known: [event] } },
    causes: [{ about: 'container', text }],
    change: { known: { deployment: text, revision: 2, since: '2026-01-10T09:30:00Z', changes: [text] } },
    logs: [{ container: text, isPrevious: true, lines: { known: [text] } }],
    node: { unknown: text },
    next: [{ command: text, purpose: text }],
  });
}

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

const now = new Date('2026-01-10T10:01:00Z');
const listElements = (node: Node): Element[] => [
  ...('tagName' in node ? [node] : []),
  ...('childNodes' in node ? node.childNodes.flatMap(listElements) : []),
];
const readText = (node: Node): string =>
  'value' in node ? node.value : 'childNodes' in node ? node.childNodes.map(readText).join('') : '';
const getAttribute = (element: Element | undefined, wanted: string) =>
  element?.attrs.find(({ name }) => name === wanted)?.value;
/** Parses as a browser does. @returns the elements, and what was wrong with the page. */
function parsePage(page: string): { elements: Element[]; faults: string[] } {
  const faults: string[] = [];
  const document = parse(page, { onParseError: ({ code }) => faults.push(code) });
  return { elements: listElements(document), faults };
}

describe('the page of HTML', () => {
  const { elements, faults } = parsePage(formatHTML(describeWhy(hostile), now));
  const find = (tag: string) => elements.filter(({ tagName }) => tagName === tag);

  test('is HTML without a fault', () => {
    expect(faults).toEqual([]);
  });

  test('has the same elements, whatever the cluster’s text is', () => {
    const plain = parsePage(formatHTML(describeWhy('text'), now)).elements;
    expect(elements.map(({ tagName }) => tagName)).toEqual(plain.map(({ tagName }) => tagName));
    expect(elements.map(({ attrs }) => attrs.map(({ name }) => name))).toEqual(
      plain.map(({ attrs }) => attrs.map(({ name }) => name)),
    );
  });

  test('shows the text as it is, without what a browser or a terminal would obey', () => {
    const texts = [...find('td'), ...find('pre'), ...find('li')].map(readText);
    expect(texts).toEqual(expect.arrayContaining([shown, `container ${shown}`, `node: ${shown}`]));
    expect(find('title').map(readText)).toContain(`why ${shown}/${shown}`);
  });

  test('runs no script, loads nothing, and says so to the browser', () => {
    expect(
      elements.filter(({ tagName }) => /^(script|img|link|iframe|object|a|form|base)$/.test(tagName)),
    ).toEqual([]);
    const names = elements.flatMap(({ attrs }) => attrs.map(({ name }) => name));
    expect(names.filter((name) => /^(on|src|href|style)/.test(name))).toEqual([]);
    const policy = getAttribute(
      find('meta').find((meta) => getAttribute(meta, 'http-equiv') === 'Content-Security-Policy'),
      'content',
    );
    const [style] = find('style').map(readText);
    const hash = createHash('sha256')
      .update(style ?? '')
      .digest('base64');
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
  });

  test('has a picture of the runs in their order, whose ends are told', () => {
    const bars = find('rect').filter((bar) => /running|failed/.test(getAttribute(bar, 'class') ?? ''));
    expect(bars.map((bar) => getAttribute(bar, 'class'))).toEqual(['failed', 'running']);
    const [failed, running] = bars.map((bar) => Number(getAttribute(bar, 'x')));
    expect(failed).toBeLessThan(running ?? 0);
    expect(bars.map(readText)).toEqual([
      `${shown} ended: exit code 3 (${shown})`,
      `${shown} runs, after 7 restarts`,
    ]);
    expect(find('circle').map(readText)).toEqual([`${shown}, 7 times: ${shown}`]);
  });

  test('has a bar of half the length for a request of half the limit', () => {
    const widths = (kind: string) =>
      find('rect')
        .filter((bar) => getAttribute(bar, 'class') === kind)
        .map((bar) => Number(getAttribute(bar, 'width')));
    expect(widths('limit')).toEqual([280, 0, 280, 0]);
    expect(widths('request')).toEqual([140, 0, 0, 0]);
  });
});

test('a pod of which nothing is known yet has a page without pictures', () => {
  const pod = podSchema.parse({ metadata: { name: 'web', namespace: 'shop' }, spec: { containers: [] } });
  const report = { pod, total: 1, ready: 0, causes: [], containers: [], logs: [], node: null, next: [] };
  const data = describeReport({ ...report, events: { known: [] }, change: { known: null } });
  const { elements, faults } = parsePage(formatHTML(data, now));
  expect(faults).toEqual([]);
  expect(elements.filter(({ tagName }) => tagName === 'svg')).toEqual([]);
});
