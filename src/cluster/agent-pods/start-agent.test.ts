import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { findWarmAgent, startAgent } from './start-agent.ts';
import { agentContainer, agentLabels, describeAgent } from './agent-spec.ts';
import { podSchema } from '../api/kubernetes-objects.ts';
import { playApiServer } from '../testing/fake-api-server.ts';
import { computeResidentKey, residentLabels } from './resident/resident-spec.ts';
import { testAgentOptions as options } from '../testing/sample-agent-options.ts';

const node = 'node-1';
const request = { node, options, excluded: new Set<string>() };

function makePod(uid: string, labels: Record<string, string>, ready = true, nodeName = node) {
  return podSchema.parse({
    metadata: { name: uid, uid, labels },
    spec: { nodeName },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}
const ofJob = { [agentLabels.key]: describeAgent(node, options).key };
const installed = { [residentLabels.key]: computeResidentKey(options) };

function find(agents: ReturnType<typeof makePod>[], excluded: string[] = []): string | null {
  return findWarmAgent(agents, { ...request, excluded: new Set(excluded) })?.metadata.uid ?? null;
}

describe('an agent that can be used as it is', () => {
  test('is the one that is installed on the node, before one that a session has made', () => {
    const agents = [makePod('made', ofJob), makePod('installed', installed)];
    expect(find(agents)).toBe('installed');
    expect(find(agents, ['installed'])).toBe('made');
  });

  test('is none of another node, although all that are installed have one key', () => {
    expect(find([makePod('installed', installed, true, 'node-2')])).toBeNull();
  });

  test('is none that is not ready, and none of another image', () => {
    const key = computeResidentKey({ ...options, image: 'registry.example/agent:2' });
    expect(find([makePod('starting', installed, false)])).toBeNull();
    expect(find([makePod('other', { [residentLabels.key]: key })])).toBeNull();
  });

  test('is none without any of the labels', () => {
    expect(find([makePod('bare', {})])).toBeNull();
  });
});

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
      ...{ ...request, nodeIsTarget: false, timeoutMs, onProgress: () => undefined },
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
    ['its image can’t be had', 'imageFailed', failImage, () => null],
    ['the node is full', 'agentFailed', fillNode, () => null],
    ['the cluster refuses its pod', 'agentRefused', () => null, refusePod],
  ])('is deleted whoever has made it when %s', async (_why, code, watchPods, watchEvents) => {
    expect(await startInVain(false, watchPods, watchEvents)).toEqual({ code, isDeleted: true });
  });
});
