import { afterEach, describe, expect, test } from '@jest/globals';
import { type PlayedApiServer, playApiServer } from '../../testing/fake-api-server.ts';
import { discoverTarget } from './discovered-workload.ts';

const servers: PlayedApiServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const list = (kind: string, name: string, ...shortNames: string[]) => ({
  ...{ resource: name, singularResource: kind.toLowerCase(), responseKind: { kind }, shortNames },
  ...{ scope: kind === 'Namespace' ? 'Cluster' : 'Namespaced' },
  subresources: ['Rollout', 'Deployment'].includes(kind)
    ? [{ subresource: 'status' }, { subresource: 'scale' }]
    : [],
});
const group = (name: string, versions: Record<string, object[]>) => ({
  metadata: name === '' ? {} : { name },
  versions: Object.entries(versions).map(([version, resources]) => ({ version, resources })),
});
const groups = {
  '/api': [
    group('', {
      v1: [
        list('Service', 'services', 'svc'),
        list('Namespace', 'namespaces', 'ns'),
        list('Pod', 'pods', 'po'),
      ],
    }),
  ],
  '/apis': [
    group('apps', { v1: [list('Deployment', 'deployments', 'deploy')] }),
    group('serving.knative.dev', { v1: [list('Service', 'services', 'ksvc')] }),
    group('argoproj.io', {
      v1: [list('Rollout', 'rollouts', 'ro')],
      v1alpha1: [list('Rollout', 'rollouts', 'ro')],
    }),
    group('clash.example.com', { v1: [list('Ro', 'roes')] }),
  ],
};

/** The answers of a server that knows aggregated discovery. */
function answerAggregated(path: string): object | number {
  const items = path in groups ? groups[path as keyof typeof groups] : null;
  return items === null ? 404 : { kind: 'APIGroupDiscoveryList', items };
}

/** The same resources, as a server tells them that does not. */
function answerByGroup(path: string): object | number {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const all = Object.values(groups).flat();
  const describe = ({ metadata, versions }: (typeof all)[number]) => ({
    versions: versions.map(({ version }) => ({
      groupVersion: `${'name' in metadata ? metadata.name : ''}/${version}`,
    })),
  });
  if (path === '/apis') return { kind: 'APIGroupList', groups: groups['/apis'].map(describe) };
  const [, name = '', wanted = ''] = /^\/apis?(?:\/(.+))?\/(.+)$/.exec(path) ?? [];
  const found = all.find(({ metadata }) => ('name' in metadata ? metadata.name : '') === name);
  const resources = found?.versions.find(({ version }) => version === wanted)?.resources as ReturnType<
    typeof list
  >[];
  // A group whose own server does not answer.
  if (name === 'serving.knative.dev') return 503;
  return {
    kind: 'APIResourceList',
    resources: resources.flatMap(
      ({ resource, singularResource, responseKind, shortNames, scope, subresources }) => [
        {
          name: resource,
          singularName: singularResource,
          kind: responseKind.kind,
          shortNames,
          namespaced: scope === 'Namespaced',
        },
        ...subresources.map(({ subresource }) => ({
          name: `${resource}/${subresource}`,
          namespaced: true,
          kind: 'Scale',
        })),
      ],
    ),
  };
}

async function discover(type: string, answer = answerAggregated) {
  const server = await playApiServer((request) => answer(request.replace('GET ', '')));
  servers.push(server);
  return await discoverTarget(server.api, { type, name: 'web' }, AbortSignal.timeout(10_000));
}

const workload = (resource: string, apiVersion: string, podsBy: string) => ({
  kind: 'workload',
  name: 'web',
  workload: { resource, apiVersion, podsBy },
});

describe('a kind that is not built in', () => {
  test.each([
    ['rollouts', 'argoproj.io/v1'],
    ['rollout', 'argoproj.io/v1'],
    ['rollout.argoproj.io', 'argoproj.io/v1'],
    ['rollouts.v1alpha1.argoproj.io', 'argoproj.io/v1alpha1'],
    ['ro.v1alpha1.argoproj.io', 'argoproj.io/v1alpha1'],
    ['rollout.argo', 'argoproj.io/v1'],
  ])('is found by what kubectl takes: %s', async (type, apiVersion) => {
    expect(await discover(type)).toEqual(workload('rollouts', apiVersion, 'scale'));
    expect(servers[0]?.requests.toSorted()).toEqual(['GET /api', 'GET /apis']);
  });

  test('is the first of its name, and a full name comes before a short one', async () => {
    expect(await discover('services.serving.knative.dev')).toEqual(
      workload('services', 'serving.knative.dev/v1', 'unknown'),
    );
    expect(await discover('ksvc')).toEqual(workload('services', 'serving.knative.dev/v1', 'unknown'));
    expect(await discover('ro')).toEqual(workload('roes', 'clash.example.com/v1', 'unknown'));
  });

  test('may turn out to be a built-in one', async () => {
    expect(await discover('deploy.app')).toEqual(workload('deployments', 'apps/v1', 'selector'));
  });

  test.each(['rollouts', 'ro.v1alpha1.argoproj.io'])('is found on an old server, too: %s', async (type) => {
    expect(await discover(type, answerByGroup)).toMatchObject({
      workload: { resource: 'rollouts', podsBy: 'scale' },
    });
  });

  test.each(['deployments.v1beta1.apps', 'rolout', 'rollouts.v2.argoproj.io', 'rollouts.example.com'])(
    'that the server does not have is refused: %s',
    async (type) => {
      await expect(discover(type)).rejects.toMatchObject({
        code: 'targetInvalid',
        message: `the server doesn't have a resource type "${type}"`,
      });
    },
  );

  test('whose objects are in no namespace has no pods', async () => {
    await expect(discover('ns')).rejects.toMatchObject({
      code: 'targetInvalid',
      message: '"ns/web" has no pods: objects of namespaces are in no namespace',
    });
  });
});
