import { afterEach, describe, expect, test } from '@jest/globals';
import { playApiServer } from '../../testing/fake-api-server.ts';
import { parseTargetName } from '../target-name.ts';
import { findTargets } from './find-targets.ts';
import { groupByNode, type TargetSelection } from './target-selection.ts';

const never = new AbortController().signal;
const opened: (() => void)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

interface PodFacts {
  namespace?: string;
  node?: string;
  phase?: string;
  containers?: string[];
  /** Of the containers, those that do not run. */
  waiting?: string[];
}

function makePod(name: string, facts: PodFacts = {}): object {
  const { namespace = 'default', node = 'node-1', phase = 'Running' } = facts;
  const { containers = ['app'], waiting = [] } = facts;
  return {
    metadata: { name, namespace, uid: `uid-${name}`, labels: { app: name.split('-')[0] } },
    spec: { nodeName: node, containers: containers.map((container) => ({ name: container })) },
    status: {
      phase,
      containerStatuses: containers.map((container) => ({
        name: container,
        containerID: `containerd://${name}-${container}`,
        state: waiting.includes(container) ? { waiting: { reason: 'ImagePullBackOff' } } : { running: {} },
      })),
    },
  };
}

/** Selects among the pods of a cluster whose API server is played. */
async function find(pods: object[], selection: Partial<TargetSelection> | string[]) {
  const { names = [], ...rest } = Array.isArray(selection) ? { names: selection } : selection;
  const played = await playApiServer((request, response) => {
    const url = new URL(response.req.url ?? '', 'http://server');
    const [, namespace, name] = /(?:\/namespaces\/([^/]+))?\/pods(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    if (request.endsWith('/deployments/web'))
      return { metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } } } };
    if (url.pathname.endsWith('/namespaces/default')) return { metadata: { name: 'default' } };
    if (!url.pathname.includes('/pods')) return 404;
    const all = pods as { metadata: { name: string; namespace: string; labels: { app: string } } }[];
    const inside = all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
    if (name !== undefined) return inside.find(({ metadata }) => metadata.name === name) ?? 404;
    const label = url.searchParams.get('labelSelector');
    return { items: inside.filter(({ metadata }) => `app=${metadata.labels.app}` === label) };
  });
  opened.push(played.close);
  const all = {
    ...{ selector: null, all: false, allNamespaces: false, container: null, allContainers: false, ...rest },
    names: names.map((name) => (typeof name === 'string' ? parseTargetName(name) : name)),
  };
  return await findTargets(played.api, all, never);
}

const describeAll = ({ targets }: Awaited<ReturnType<typeof find>>) =>
  targets.map(({ target, node }) =>
    target.kind === 'node' ? `node ${node}` : `${target.namespace}/${target.pod}/${target.container}@${node}`,
  );

describe('the targets of a selection', () => {
  test('are the pods that a selector matches, each in its default container, in the order of their numbers', async () => {
    const pods = ['web-10', 'web-9', 'db-0'].map((name) => makePod(name, { containers: ['app', 'side'] }));
    expect(describeAll(await find(pods, { selector: 'app=web' }))).toEqual([
      'default/web-9/app@node-1',
      'default/web-10/app@node-1',
    ]);
  });

  test('are in all namespaces when that is asked for', async () => {
    const pods = [makePod('web-1'), makePod('web-2', { namespace: 'shop', node: 'node-2' })];
    const found = await find(pods, { selector: 'app=web', allNamespaces: true });
    expect(describeAll(found)).toEqual(['default/web-1/app@node-1', 'shop/web-2/app@node-2']);
    expect([...groupByNode(found.targets).keys()]).toEqual(['node-1', 'node-2']);
  });

  test('are one pod of a workload, or all of them', async () => {
    const pods = [makePod('web-1'), makePod('web-2')];
    expect((await find(pods, ['deploy/web'])).targets).toHaveLength(1);
    const all = await find(pods, { names: [parseTargetName('deploy/web')], all: true });
    expect(describeAll(all)).toEqual(['default/web-1/app@node-1', 'default/web-2/app@node-1']);
  });

  test('are all containers that run when that is asked for; the others are told', async () => {
    const pods = [makePod('web-1', { containers: ['app', 'side', 'late'], waiting: ['late'] })];
    const found = await find(pods, { selector: 'app=web', allContainers: true });
    expect(describeAll(found)).toEqual(['default/web-1/app@node-1', 'default/web-1/side@node-1']);
    expect(found.refused).toMatchObject([
      { name: 'default/web-1/late', error: { code: 'targetNotReady', message: /ImagePullBackOff/ } },
    ]);
  });

  test('are nodes and pods together, none of them twice', async () => {
    const found = await find([makePod('web-1')], ['web-1', 'node/one', 'pod/web-1', 'deploy/web']);
    expect(describeAll(found)).toEqual(['default/web-1/app@node-1', 'node one']);
  });

  test('are the others when one does not exist, or has no such container', async () => {
    const pods = [makePod('web-1'), makePod('web-2', { containers: ['other'] })];
    const names = ['web-1', 'web-2', 'web-3'].map((name) => parseTargetName(name));
    const found = await find(pods, { names, container: 'app' });
    expect(describeAll(found)).toEqual(['default/web-1/app@node-1']);
    expect(found.refused.map(({ name, error }) => `${name}: ${error.message}`)).toEqual([
      'default/web-2: pod "web-2" has no container "app"',
      'web-3: pod "web-3" was not found in the namespace "default"',
    ]);
  });

  test('are no pods that have ended', async () => {
    const pods = [makePod('web-1'), makePod('web-2', { phase: 'Succeeded' })];
    const found = await find(pods, { selector: 'app=web' });
    expect(describeAll(found)).toEqual(['default/web-1/app@node-1']);
    expect(found.endedPods).toBe(1);
  });
});

describe('a selector that matches nothing', () => {
  test('is told with what was searched, and where it would match', async () => {
    const pods = [makePod('web-1', { namespace: 'shop' }), makePod('web-2', { namespace: 'shop' })];
    await expect(find(pods, { selector: 'app=web' })).rejects.toMatchObject({
      code: 'targetNotFound',
      message: 'no pod matches "app=web" in the namespace "default"',
      hint: 'Pods match in other namespaces: "shop" (2). Give one with -n, or all with -A.',
    });
  });

  test('but pods that have ended says so', async () => {
    const pods = [makePod('web-1', { phase: 'Failed' })];
    await expect(find(pods, { selector: 'app=web', allNamespaces: true })).rejects.toThrow(
      'no pod that runs matches "app=web" in any namespace: one has ended',
    );
  });
});
