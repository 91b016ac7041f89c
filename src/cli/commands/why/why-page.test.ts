import { expect, test } from '@jest/globals';
import { eventSchema, podSchema } from '../../../cluster/api/objects/kubernetes-objects.ts';
import { listContainers } from '../../../cluster/diagnosis/container-causes.ts';
import { describeReport } from './why-data.ts';
import { formatReport } from './why-page.ts';

const ended = {
  exitCode: 3,
  reason: 'Error',
  startedAt: '2026-01-10T10:00:00Z',
  finishedAt: '2026-01-10T10:00:02Z',
};
const pod = podSchema.parse({
  metadata: { name: 'web-0', namespace: 'shop', creationTimestamp: '2026-01-10T09:00:00Z' },
  spec: {
    nodeName: 'node-1',
    containers: [{ name: 'app', image: 'web:2', resources: { limits: { memory: '32Mi' } } }],
  },
  status: {
    phase: 'Running',
    containerStatuses: [{ name: 'app', restartCount: 2, lastState: { terminated: ended } }],
  },
});
const message = 'Back-off restarting failed container \u001b[2J';
const event = eventSchema.parse({
  reason: 'BackOff',
  message,
  count: 7,
  lastTimestamp: '2026-01-10T10:00:30Z',
});
const report = {
  ...{ pod, total: 3, ready: 2, containers: listContainers(pod), change: { known: null } },
  causes: [{ about: 'container "app"', text: 'crashes' }],
  events: { known: [event] },
  logs: [
    { container: 'app', isPrevious: false, lines: { known: ['NEXT', '\u001b[31mpanic'] } },
    { container: 'proxy', isPrevious: false, lines: { unknown: 'you may not read it' } },
  ],
  node: { unknown: 'you may not read it' },
  next: [{ command: 'kubectl crashcart pod/web-0', purpose: 'a shell' }],
};

test('a report is one page, without anything that a terminal would obey', () => {
  const page = formatReport(describeReport(report), null, new Date('2026-01-10T10:01:00Z'));
  expect(page).toBe(
    [
      'pod shop/web-0, on node node-1: Running, made 61m ago; 2 of 3 pods are ready, this one is the least well',
      '',
      'WHY',
      '  container "app" crashes',
      '',
      'CONTAINER   STATE     READY   RESTARTS   LAST END           REQUESTS   LIMITS        IMAGE',
      'app         Waiting   no      2          3 Error, 58s ago   -          memory=32Mi   web:2',
      '',
      'EVENT     AGE   COUNT   MESSAGE',
      'BackOff   30s   7       Back-off restarting failed container \\x1b[2J',
      '',
      'LOG of app',
      '  NEXT',
      '  \\x1b[31mpanic',
      '',
      'NOT KNOWN',
      '  node: you may not read it',
      '  log of proxy: you may not read it',
      '',
      'NEXT',
      '  kubectl crashcart pod/web-0   # a shell',
      '',
    ].join('\n'),
  );
});

test('what could not be read is in the data as well, and not as if it were empty', () => {
  expect(describeReport({ ...report, events: { unknown: 'forbidden' } })).toMatchObject({
    events: [],
    unknown: expect.arrayContaining([{ what: 'events', why: 'forbidden' }]),
  });
});
