import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { playApiServer } from '../testing/fake-api-server.ts';
import { watchResource } from './resource-watch.ts';
import { namespaces, pods } from './resources.ts';

const path = 'GET /api/v1/namespaces/shop/pods';
const pod = { metadata: { name: 'web' }, spec: {} };
let close = () => {};

afterEach(() => {
  close();
  jest.useRealTimers();
});

/** Answers each watch with the next of the answers, and all further ones with the last. */
async function watchPods(
  answers: ((response: ServerResponse) => object | number | null)[],
  limitMs = 10_000,
) {
  const startedAt: number[] = [];
  const server = await playApiServer((request, response) => {
    if (request !== path) return 404;
    startedAt.push(performance.now());
    return (answers[startedAt.length - 1] ?? answers.at(-1))?.(response) ?? null;
  });
  ({ close } = server);
  const signal = AbortSignal.timeout(limitMs);
  const watching = watchResource(
    server.api,
    { ...pods.watch('shop'), signal },
    { onEvent: ({ type, object }) => (type === 'DELETED' ? object.metadata.name : undefined) },
  );
  return { watching, startedAt };
}

const send = (...events: { type: string; object: unknown }[]) => {
  return (response: ServerResponse) => {
    response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    return null;
  };
};
const deleted = send({ type: 'ADDED', object: pod }, { type: 'DELETED', object: pod });
const status = (code: number) => ({
  kind: 'Status',
  code,
  reason: 'Expired',
  message: `it has code ${code}`,
});

describe('a watch', () => {
  test('goes on with another one when the server ends it, and ends with an answer', async () => {
    const { watching, startedAt } = await watchPods([send({ type: 'ADDED', object: pod }), deleted]);
    expect(await watching).toBe('web');
    expect(startedAt).toHaveLength(2);
  });

  test('that the server ends at once, again and again, is not repeated in a hot loop', async () => {
    const { watching, startedAt } = await watchPods([send()], 1500);
    await expect(watching).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(startedAt.length).toBeGreaterThan(1);
    expect(startedAt.length).toBeLessThan(5);
  });

  test.each([410, 500])('whose history is lost, or whose server fails (%d), is begun anew', async (code) => {
    const { watching } = await watchPods([send({ type: 'ERROR', object: status(code) }), deleted]);
    expect(await watching).toBe('web');
  });

  test.each([410, 429, 503])('that is refused for the moment, with %d, is begun anew', async (code) => {
    const { watching } = await watchPods([() => code, deleted]);
    expect(await watching).toBe('web');
  });

  test('ends with the error that would come again', async () => {
    const { watching } = await watchPods([send({ type: 'ERROR', object: status(403) })]);
    await expect(watching).rejects.toMatchObject({ status: 403, message: 'it has code 403' });
    close();
    const refused = await watchPods([() => 403]);
    await expect(refused.watching).rejects.toMatchObject({ code: 'forbidden' });
    expect(refused.startedAt).toHaveLength(1);
  });

  test("names an object that it can't read, and why", async () => {
    const broken = { metadata: { name: 'broken' }, spec: { containers: 'none' } };
    const { watching } = await watchPods([send({ type: 'ADDED', object: broken })]);
    await expect(watching).rejects.toMatchObject({
      code: 'apiError',
      message: expect.stringMatching(/^pods "broken", as watched, can't be read: spec: containers: /),
    });
  });

  test('passes over bookmarks and events of unknown types', async () => {
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } };
    const { watching, startedAt } = await watchPods([
      send(bookmark, { type: 'TO_COME', object: null }, { type: 'DELETED', object: pod }),
    ]);
    expect(await watching).toBe('web');
    expect(startedAt).toHaveLength(1);
  });

  test('ends with what its reader throws', async () => {
    const server = await playApiServer((_request, response) => deleted(response));
    ({ close } = server);
    const reason = new Error('no more');
    const watching = watchResource(
      server.api,
      { ...pods.watch('shop'), signal: AbortSignal.timeout(5000) },
      {
        onEvent: () => {
          throw reason;
        },
      },
    );
    await expect(watching).rejects.toBe(reason);
  });
});

test('before another watch it can be asked what the last one has missed', async () => {
  const server = await playApiServer((request, response) =>
    request === path ? send()(response) : { metadata: { name: 'shop' } },
  );
  ({ close } = server);
  const signal = AbortSignal.timeout(5000);
  const watching = watchResource(
    server.api,
    { ...pods.watch('shop'), signal },
    {
      onEvent: () => undefined,
      onRestart: async () => (await server.api.get({ ...namespaces.get('shop'), signal })).metadata.name,
    },
  );
  expect(await watching).toBe('shop');
  expect(server.requests).toEqual([path, 'GET /api/v1/namespaces/shop']);
});

test("a server that can't be reached several times in a row is reported", async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
  const server = await playApiServer(() => 404);
  server.close();
  const watching = watchResource(
    server.api,
    { ...pods.watch('shop'), signal: new AbortController().signal },
    { onEvent: () => undefined },
  );
  const failed = expect(watching).rejects.toMatchObject({ code: 'connection' });
  const pushing = setImmediateLoop(() => jest.advanceTimersByTime(1000));
  await failed;
  pushing.stop();
});

/** Repeats something in each turn of the event loop. */
function setImmediateLoop(run: () => void) {
  let isStopped = false;
  const turn = () => {
    if (isStopped) return;
    run();
    setImmediate(turn);
  };
  setImmediate(turn);
  return { stop: () => (isStopped = true) };
}
