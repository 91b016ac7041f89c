import { afterEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { commandSetupSchema } from '../../session-api/command-setup.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { formatTrailers } from '../../session-api/stream-trailers.ts';
import { agentLabels, describeAgent } from '../agent-pods/agent-spec.ts';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { answerJSON, describePlayedSession, playApiServer } from '../testing/fake-api-server.ts';
import { testAgentOptions } from '../testing/sample-agent-options.ts';
import type { SessionRequest } from './client-session.ts';
import { openSession } from './open-session.ts';

const node = 'node-1';
const spec: SessionRequest = {
  ...{ target: { kind: 'node', node }, command: ['true'], terminal: null, stdin: false },
  ...{ client: '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11', setup: commandSetupSchema.parse({}) },
  ...{ graceSeconds: 300, catch: null, keepSeconds: null, outputBufferBytes: 4 * 1024 * 1024 },
  audit: { claimedUser: null, reason: null },
};
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** Opens a session with one of two agents that run, whose answers are the test's. */
async function open(
  answer: (stream: ServerHttp2Stream, request: string, pod: string) => unknown,
  {
    signal = new AbortController().signal,
    isDetached = false,
    isWarm = true,
    answerApi = (_request: string, _response: ServerResponse): object | number | null => 404,
  } = {},
) {
  const labels = { [agentLabels.key]: describeAgent(node, testAgentOptions).key };
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const known = (isWarm ? ['agent-1', 'agent-2'] : []).map((name) =>
    podSchema.parse({ metadata: { name, uid: name, labels }, spec: { nodeName: node }, status }),
  );
  const asked: { pod: string; request: string; id: string }[] = [];
  const played = await playApiServer(answerApi, (pod, line, stream) => {
    const [, method = '', id = '', part = ''] = /^(\S+) \/v1\/sessions\/([^/?]+)\/?([^?]*)/.exec(line) ?? [];
    const request = method === '' ? line : `${method} ${part}`.trim();
    asked.push({ pod, request, id });
    answer(stream, request, pod);
  });
  opened.push(played.close);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const begun: number[] = [];
  const sinks = {
    ...{ stdout, stderr, compress: false },
    onBegin: () => begun.push(stdout.readableLength),
    ...{ onLost: () => undefined, onRestored: () => undefined, onGap: () => undefined },
  };
  const agent = {
    ...{ node, nodeIsTarget: true, options: testAgentOptions, known, timeoutMs: 5000, signal },
    onProgress: () => undefined,
  };
  const opening = openSession(played.api, agent, spec, isDetached ? null : sinks);
  opening.then(
    (session) => opened.push(() => session.close()),
    () => undefined,
  );
  return { opening, asked, stdout, begun, requests: played.requests };
}

function answerOutput(stream: ServerHttp2Stream, content: string): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  const trailers = formatTrailers({
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    end: { reason: 'exited', exitCode: 3, message: null, warnings: [], leftProcesses: [] },
  });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(content);
}

function answerStart(stream: ServerHttp2Stream): void {
  answerJSON(stream, describePlayedSession('2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e'));
}

describe('a session that is opened', () => {
  test('is asked for its outputs before the agent has answered that it is started', async () => {
    let put: ServerHttp2Stream | null = null;
    const { opening, asked, stdout, begun } = await open((stream, request) => {
      if (request === 'PUT') put = stream;
      else answerOutput(stream, `the ${request}`);
      if (request === 'GET stderr' && put !== null) answerStart(put);
    });
    const session = await opening;
    expect(await session.outcome).toMatchObject({ kind: 'ended', end: { exitCode: 3 } });
    expect(begun).toEqual([0, 0]);
    expect(await text(stdout.end())).toBe('the GET stdout');
    expect(asked.map(({ request }) => request).slice(0, 3)).toEqual(['PUT', 'GET stdout', 'GET stderr']);
  });

  test('detached is not asked for its outputs', async () => {
    const { opening, asked } = await open((stream) => answerStart(stream), { isDetached: true });
    await opening;
    expect(asked.map(({ request }) => request)).toEqual(['PUT']);
  });

  test('goes to another agent, as another session, when the first one is about to end', async () => {
    const { opening, asked } = await open(
      (stream, _request, pod) => {
        if (pod === 'agent-2') answerStart(stream);
        else {
          stream.respond({ ':status': 503 });
          stream.end(JSON.stringify(new ProblemError('draining', 'the agent is about to end').toProblem()));
        }
      },
      { isDetached: true },
    );
    const session = await opening;
    expect(asked.map(({ pod }) => pod)).toEqual(['agent-1', 'agent-2']);
    expect(asked[1]?.id).toBe(session.id);
    expect(asked[0]?.id).not.toBe(session.id);
  });

  test('is asked for again under the same ID when the connection is cut before the answer', async () => {
    let attempts = 0;
    const { opening, asked } = await open(
      (stream) => {
        if (++attempts === 1) stream.session?.destroy();
        else answerStart(stream);
      },
      { isDetached: true },
    );
    const { id } = await opening;
    expect(asked).toEqual([
      { pod: 'agent-1', request: 'PUT', id },
      { pod: 'agent-1', request: 'PUT', id },
    ]);
  });

  test('is ended when it is interrupted before the answer: it may have begun', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { opening, asked } = await open(
      (stream, request) => {
        if (request === 'PUT') controller.abort(reason);
        else answerStart(stream);
      },
      { signal: controller.signal, isDetached: true },
    );
    await expect(opening).rejects.toBe(reason);
    expect(asked.map(({ request }) => request)).toEqual(['PUT', 'DELETE']);
  });

  test('is ended over another connection when the one that asked for it is cut at the interrupt', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { opening, asked } = await open(
      (stream, request) => {
        if (request !== 'PUT') return answerStart(stream);
        controller.abort(reason);
        stream.session?.destroy();
      },
      { signal: controller.signal, isDetached: true },
    );
    await expect(opening).rejects.toBe(reason);
    const [put, ended] = asked;
    expect([put?.request, ended]).toEqual(['PUT', { pod: 'agent-1', request: 'DELETE', id: put?.id }]);
  });

  test('is ended when it is interrupted before it is asked for again', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { opening, asked } = await open(
      (stream, request) => {
        if (request !== 'PUT') return answerStart(stream);
        stream.session?.destroy();
        setTimeout(() => controller.abort(reason), 50);
      },
      { signal: controller.signal, isDetached: true },
    );
    await expect(opening).rejects.toThrow();
    expect(asked.map(({ request }) => request)).toEqual(['PUT', 'DELETE']);
  });

  test('is ended when it is given up, as it may have begun', async () => {
    const { opening, asked } = await open(
      (stream, request) => {
        if (request === 'PUT') answerJSON(stream, { what: 'nobody can read' });
        else answerStart(stream);
      },
      { isDetached: true },
    );
    await expect(opening).rejects.toMatchObject({ code: 'agentFailed' });
    expect(asked.map(({ request }) => request)).toEqual(['PUT', 'DELETE']);
  });

  test('is asked for again while there is no room for it, until its time is over', async () => {
    let attempts = 0;
    const full = new ProblemError('capacity', 'there is no room for one more').toProblem();
    const { opening, asked } = await open(
      (stream) => {
        if (++attempts === 3) answerStart(stream);
        else {
          stream.respond({ ':status': 503 });
          stream.end(JSON.stringify(full));
        }
      },
      { isDetached: true },
    );
    const { id } = await opening;
    expect(asked.map(({ pod, request }) => `${pod} ${request}`)).toEqual(Array(3).fill('agent-1 PUT'));
    expect([asked[2]?.id, new Set(asked.map((one) => one.id)).size]).toEqual([id, 3]);
  });

  test('and that the agent refuses needs no end', async () => {
    const { opening, asked } = await open(
      (stream) => {
        stream.respond({ ':status': 409 });
        stream.end(JSON.stringify(new ProblemError('targetNotRunning', 'no').toProblem()));
      },
      { isDetached: true },
    );
    await expect(opening).rejects.toMatchObject({ code: 'targetNotRunning' });
    expect(asked.map(({ request }) => request)).toEqual(['PUT']);
  });
});

describe('an agent that was made for a session which is interrupted', () => {
  const job = { metadata: { name: 'agent', uid: '1' } };
  const agentPod = (isRunning: boolean) => ({
    metadata: { name: 'agent-1', uid: '2' },
    spec: { nodeName: node },
    status: isRunning
      ? { phase: 'Running', containerStatuses: [{ name: 'agent', state: { running: {} }, lastState: {} }] }
      : { phase: 'Pending' },
  });

  /** Interrupts the start at a request to the API server or to the agent. @returns what was asked for afterwards. */
  async function interruptAt(moment: RegExp, { isRunning = true, isRetired = true } = {}) {
    const controller = new AbortController();
    const reason = new Error('enough');
    const hear = (request: string) => {
      if (!moment.test(request) || controller.signal.aborted) return false;
      controller.abort(reason);
      return true;
    };
    const { opening, asked, requests } = await open(
      (stream, request) => {
        if (request.endsWith('/v1/retirement')) answerJSON(stream, { isRetired });
        else if (!hear(request)) answerStart(stream);
      },
      {
        ...{ signal: controller.signal, isDetached: true, isWarm: false },
        answerApi: (request, response) => {
          hear(request);
          if (request.endsWith(`/nodes/${node}`)) return { metadata: { name: node } };
          if (request.startsWith('POST ')) return job;
          if (request.startsWith('DELETE ')) return {};
          if (request.endsWith('/events')) return null;
          if (controller.signal.aborted) return { items: [agentPod(isRunning)] };
          response.write(`${JSON.stringify({ type: 'ADDED', object: agentPod(isRunning) })}\n`);
          return null;
        },
      },
    );
    await expect(opening).rejects.toBe(reason);
    return {
      asked: asked.map(({ request }) => request),
      isDeleted: requests.some((line) => /^DELETE .*jobs/.test(line)),
    };
  }

  test.each([
    ['while its Job is made', /^POST .*jobs/, { isRunning: false }],
    ['while it starts', /pods$/, { isRunning: false }],
    ['when it runs', /^PUT/, {}],
  ])('%s is removed', async (_when, moment, state) => {
    expect(await interruptAt(moment, state)).toMatchObject({ isDeleted: true });
  });

  test('stays when another client uses it', async () => {
    expect(await interruptAt(/^PUT/, { isRetired: false })).toEqual({
      asked: ['PUT', 'DELETE', 'POST /v1/retirement'],
      isDeleted: false,
    });
  });
});
