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
    const code = await attempt.then(
      () => null,
      (error: { code: string }) => error.code,
    );
    return { code, isDeleted: played.requests.some((request) => request.startsWith(`DELETE ${jobs}/`)) };
  }

  test.each<[string, string, Watch]>([
    ['our time is over', 'timeout', expire],
    ['we may not watch its pod', 'forbidden', () => 403],
  ])('is left to who has made it when %s', async (_why, code, watchPods) => {
    expect(await startInVain(false, watchPods)).toEqual({ code, isDeleted: false });
    close();
    expect(await startInVain(true, watchPods)).toEqual({ code, isDeleted: true });
  });

  test.each<[string, string, Watch, Watch]>([
    ['its image can’t be pulled', 'imageFailed', failImage, () => null],
    ['the node is full', 'agentFailed', fillNode, () => null],
    ['the cluster refuses its pod', 'agentRefused', () => null, refusePod],
  ])('is deleted whoever has made it when %s', async (_why, code, watchPods, watchEvents) => {
    expect(await startInVain(false, watchPods, watchEvents)).toEqual({ code, isDeleted: true });
  });
});
