import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { startAgent } from './start-agent.ts';
import { agentContainer } from './agent-spec.ts';
import { playApiServer } from '../testing/fake-api-server.ts';
import { testAgentOptions as options } from '../testing/sample-agent-options.ts';

const node = 'node-1';

describe('the Job of an agent that does not start', () => {
  const timeoutMs = 60_000;
  const jobs = `/apis/batch/v1/namespaces/${options.namespace}/jobs`;
  const core = `/api/v1/namespaces/${options.namespace}`;
  let close = () => {};

  afterEach(() => {
    close();
    jest.useRealTimers();
  });

  const tell = (response: ServerResponse, object: object) => {
    response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    return null;
  };
  const describePod = (status: object) => ({
    metadata: { name: 'agent-1', uid: '2' },
    spec: { nodeName: node },
    status,
  });
  const expire = () => {
    jest.advanceTimersByTime(timeoutMs);
    return null;
  };
  const failImage = (response: ServerResponse) => {
    const state = { waiting: { reason: 'ErrImageNeverPull', message: 'it is not there' } };
    const containerStatuses = [{ name: agentContainer, state, lastState: {} }];
    return tell(response, describePod({ phase: 'Pending', containerStatuses }));
  };
  const backOff = (response: ServerResponse) => {
    const state = { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "agent:1"' } };
    const containerStatuses = [{ name: agentContainer, state, lastState: {} }];
    return tell(response, describePod({ phase: 'Pending', containerStatuses }));
  };
  const fillNode = (response: ServerResponse) =>
    tell(response, describePod({ phase: 'Failed', reason: 'OutOfcpu', message: 'no' }));
  const refusePod = (response: ServerResponse) =>
    tell(response, { reason: 'FailedCreate', message: 'it is forbidden' });

  type Watch = (response: ServerResponse) => object | number | null;
  /** @returns the code of the failure, and whether the Job was deleted. */
  async function startInVain(isOurs: boolean, watchPods: Watch, watchEvents: Watch = () => null) {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval', 'Date'] });
    const played = await playApiServer((request, response) => {
      if (request === `POST ${jobs}`) return isOurs ? { metadata: { name: 'agent', uid: '1' } } : 409;
      if (request.startsWith(`GET ${jobs}/`)) return { metadata: { name: 'agent', uid: '1' } };
      if (request === `GET ${core}/pods`) return watchPods(response);
      if (request === `GET ${core}/events`) return watchEvents(response);
      return request.startsWith('DELETE ') ? {} : 404;
    });
    ({ close } = played);
    const attempt = startAgent(played.api, {
      ...{
        node,
        options,
        nodeIsTarget: false,
        timeoutMs,
        onProgress: () => undefined,
        onMade: () => undefined,
      },
      signal: new AbortController().signal,
    });
    const { code, message } = await attempt.then(
      () => ({ code: null, message: '' }),
      (error: { code: string; message: string }) => error,
    );
    return {
      code,
      message,
      isDeleted: played.requests.some((request) => request.startsWith(`DELETE ${jobs}/`)),
    };
  }

  test.each<[string, string, Watch]>([
    ['our time is over', 'timeout', expire],
    ['we may not watch its pod', 'forbidden', () => 403],
  ])('is left to who has made it when %s', async (_why, code, watchPods) => {
    expect(await startInVain(false, watchPods)).toMatchObject({ code, isDeleted: false });
    close();
    expect(await startInVain(true, watchPods)).toMatchObject({ code, isDeleted: true });
  });

  test.each<[string, string, Watch, Watch]>([
    ['its image can’t be pulled', 'imageFailed', failImage, () => null],
    ['the node is full', 'agentFailed', fillNode, () => null],
    ['the cluster refuses its pod', 'agentRefused', () => null, refusePod],
  ])('is deleted whoever has made it when %s', async (_why, code, watchPods, watchEvents) => {
    expect(await startInVain(false, watchPods, watchEvents)).toMatchObject({ code, isDeleted: true });
  });

  test('as another client has given up its image, which it has deleted, is not made again', async () => {
    const watch: Watch = (response) => {
      backOff(response);
      response.write(`${JSON.stringify({ type: 'DELETED', object: describePod({}) })}\n`);
      return null;
    };
    expect(await startInVain(false, watch)).toMatchObject({ code: 'imageFailed' });
  });

  test('tells the registry’s words, which only an Event has when the kubelet waits for its next try', async () => {
    const watch: Watch = (response) => {
      backOff(response);
      // After all timers that the change sets.
      setImmediate(() => setImmediate(() => jest.advanceTimersByTime(12_000)));
      return null;
    };
    let events = 0;
    const answerEvents: Watch = () => {
      // The first request watches for refusals.
      if (events++ === 0) return null;
      const message = 'Failed to pull image "agent:1": 503 Service Unavailable';
      return {
        items: [
          { reason: 'Failed', message },
          { reason: 'Failed', message: 'Error: ErrImagePull' },
        ],
      };
    };
    const { code, message } = await startInVain(true, watch, answerEvents);
    expect(code).toBe('imageFailed');
    expect(message).toMatch(
      /^the agent's image ".*" can't be pulled .*: ErrImagePull: 503 Service Unavailable$/,
    );
  });
});
