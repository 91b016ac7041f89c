import { afterEach, describe, expect, test } from '@jest/globals';
import { labelSelectorSchema } from '../../api/objects/kubernetes-objects.ts';
import { type PlayedApiServer, playApiServer } from '../../testing/fake-api-server.ts';
import { formatSelector, getPodSelector } from './pod-selector.ts';
import type { PodSource } from './workload-kinds.ts';

const servers: PlayedApiServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test('a selector is written as lists take it', () => {
  const format = (selector: object) => formatSelector(labelSelectorSchema.parse(selector));
  expect(format({ matchLabels: { app: 'web', tier: 'front' } })).toBe('app=web,tier=front');
  const matchExpressions = [
    { key: 'app', operator: 'In', values: ['web', 'api'] },
    { key: 'tier', operator: 'NotIn', values: ['back'] },
    { key: 'track', operator: 'Exists' },
    { key: 'canary', operator: 'DoesNotExist' },
  ];
  expect(format({ matchExpressions, matchLabels: null })).toBe(
    'app in (web,api),tier notin (back),track,!canary',
  );
});

const path = '/apis/example.com/v1/namespaces/default/widgets/web';

/** @param scale a status, or the number of a refusal. */
async function find(podsBy: PodSource, object: object | number, scale: object | number = 404) {
  const server = await playApiServer((request) => (request === `GET ${path}/scale` ? scale : object));
  const workload = { resource: 'widgets', apiVersion: 'example.com/v1', podsBy };
  servers.push(server);
  return await getPodSelector(server.api, workload, 'web', AbortSignal.timeout(5000));
}

describe('the pods of a custom resource are those', () => {
  const selecting = { spec: { selector: { matchLabels: { app: 'object' } } } };

  test('that its scale selects', async () => {
    expect(await find('scale', selecting, { status: { selector: 'app in (scale)' } })).toBe('app in (scale)');
    expect(servers[0]?.requests).toEqual([`GET ${path}/scale`]);
  });

  test.each([
    ['has no selector', { status: { replicas: 1 } }],
    ['may not be read', 403],
    ['can’t be made of it', 500],
    ['is not there', 404],
  ])('that it selects itself, when its scale %s', async (_case, scale) => {
    expect(await find('scale', selecting, scale)).toBe('app=object');
  });

  test.each([
    [{ app: 'web' }, 'app=web'],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, 'app'],
  ])('of a selector of either shape: %j', async (selector, text) => {
    expect(await find('unknown', { spec: { selector } })).toBe(text);
  });

  test.each([
    {},
    { spec: null },
    { spec: {} },
    { spec: { selector: {} } },
    { spec: { selector: 'app' } },
    { spec: { selector: { matchLabels: {} } } },
  ])('of no selector that would select all: %j', async (object) => {
    await expect(find('unknown', object)).rejects.toMatchObject({
      code: 'targetNotFound',
      message: 'widgets.example.com/web selects no pods',
    });
  });

  test('which a user without rights is told that rights are missing for', async () => {
    await expect(find('scale', {}, 403)).rejects.toMatchObject({ status: 403 });
    await expect(find('scale', 403, 403)).rejects.toMatchObject({ status: 403 });
  });
});
