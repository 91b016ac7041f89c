import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { playApiServer } from '../testing/fake-api-server.ts';
import { parseTargetName } from './target-name.ts';
import { type ContainerWait, waitForContainer } from './container-wait.ts';

const path = 'GET /api/v1/namespaces/default/pods';
const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

const makePod = (state: object, more: { metadata?: object; spec?: object } = {}) => ({
  metadata: { name: 'web', namespace: 'default', ...more.metadata },
  spec: { nodeName: 'node-1', containers: [{ name: 'app' }], ...more.spec },
  status: {
    phase: 'Running',
    containerStatuses: [{ name: 'app', containerID: 'containerd://1', ...state }],
  },
});
const running = (id: string) => ({ containerID: id, state: { running: {} } });
const looping = { state: { waiting: { reason: 'CrashLoopBackOff' } } };
const ended = { state: { terminated: { exitCode: 0, reason: 'Completed' } } };

const sendEvents = (response: ServerResponse, events: [type: string, pod: object][]): null => {
  for (const [type, object] of events) response.write(`${JSON.stringify({ type, object })}\n`);
  return null;
};

/** Waits for a target while the API server sends events. @returns the result, and what was told meanwhile. */
async function wait(
  target: string,
  events: [string, object][],
  more: Partial<ContainerWait> = {},
  pod = 200,
) {
  const states: string[] = [];
  const server = await playApiServer((request, response) => {
    if (request === path) return sendEvents(response, events);
    if (request === `${path}/web`) return pod === 200 ? makePod(looping) : pod;
    return request.endsWith('/deployments/web')
      ? { spec: { selector: { matchLabels: { app: 'web' } } } }
      : 404;
  });
  opened.push(server.close);
  const name = parseTargetName(target);
  if (name.kind === 'node') throw new Error('a node is not waited for');
  const signal = AbortSignal.timeout(5000);
  const onState = (state: string) => states.push(state);
  const done = waitForContainer(server.api, {
    target: name,
    container: null,
    ended: null,
    onState,
    signal,
    ...more,
  });
  return {
    states,
    ...(await done.then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    )),
  };
}

describe('a pod is waited for until its container runs', () => {
  test('and what keeps it from running is told', async () => {
    const { value, states } = await wait('web', [
      ['ADDED', makePod(looping)],
      ['MODIFIED', makePod(running('containerd://2'))],
    ]);
    expect(value).toMatchObject({ metadata: { name: 'web' } });
    expect(states).toEqual([expect.stringContaining('is crash-looping')]);
  });

  test('again, when a run has ended of which the API server does not know yet', async () => {
    const before = { containerID: 'containerd://1', pod: podSchema.parse(makePod(looping)) };
    const { value } = await wait(
      'web',
      [
        ['ADDED', makePod(running('containerd://1'))],
        ['MODIFIED', makePod(running('containerd://2'))],
      ],
      { ended: before },
    );
    expect(value).toMatchObject({ status: { containerStatuses: [{ containerID: 'containerd://2' }] } });
  });

  test('unless it will not run again, is deleted, or is not there', async () => {
    const spec = { restartPolicy: 'Never' };
    expect(await wait('web', [['ADDED', makePod(ended, { spec })]])).toMatchObject({
      error: { code: 'targetNotReady', message: expect.stringContaining('has completed') },
    });
    expect(
      await wait('web', [
        ['ADDED', makePod(looping)],
        ['DELETED', makePod(looping)],
      ]),
    ).toMatchObject({
      error: { code: 'targetNotFound', message: 'pod "web" was deleted' },
    });
    expect(await wait('web', [], {}, 404)).toMatchObject({ error: { code: 'targetNotFound' } });
  });

  test('and through its deletion, when a StatefulSet makes it again', async () => {
    const metadata = { ownerReferences: [{ kind: 'StatefulSet', name: 'web' }] };
    const { value } = await wait('web', [
      ['DELETED', makePod(looping, { metadata })],
      ['ADDED', makePod(running('containerd://2'), { metadata })],
    ]);
    expect(value).toMatchObject({ metadata: { name: 'web' } });
  });
});

test('of a workload, whichever pod runs first is taken, but none that is about to go', async () => {
  const going = { name: 'web-1', deletionTimestamp: '2026-01-01T00:00:00Z' };
  const { value } = await wait('deploy/web', [
    ['ADDED', makePod(running('containerd://1'), { metadata: going })],
    ['ADDED', makePod(ended, { metadata: { name: 'web-2' }, spec: { restartPolicy: 'Never' } })],
    ['ADDED', makePod(running('containerd://3'), { metadata: { name: 'web-3' } })],
  ]);
  expect(value).toMatchObject({ metadata: { name: 'web-3' } });
});
