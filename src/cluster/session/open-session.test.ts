import { afterEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
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
  ...{ graceSeconds: 300, keepSeconds: null, outputBufferBytes: 4 * 1024 * 1024 },
  audit: { claimedUser: null, reason: null },
};
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** Opens a session with one of two agents that run, whose answers are the test's. */
async function open(
  answer: (stream: ServerHttp2Stream, request: string, pod: string) => unknown,
  { signal = new AbortController().signal, isDetached = false } = {},
) {
  const labels = { [agentLabels.key]: describeAgent(node, testAgentOptions).key };
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const known = ['agent-1', 'agent-2'].map((name) =>
    podSchema.parse({ metadata: { name, uid: name, labels }, spec: { nodeName: node }, status }),
  );
  const asked: { pod: string; request: string; id: string }[] = [];
  const played = await playApiServer(
    () => 404,
    (pod, line, stream) => {
      const [, method = '', id = '', part = ''] =
        /^(\S+) \/v1\/sessions\/([^/?]+)\/?([^?]*)/.exec(line) ?? [];
      const request = `${method} ${part}`.trim();
      asked.push({ pod, request, id });
      answer(stream, request, pod);
    },
  );
  opened.push(played.close);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const sinks = {
    ...{ stdout, stderr, compress: false },
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
  return { opening, asked, stdout };
}

function answerOutput(stream: ServerHttp2Stream, content: string): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  const trailers = formatTrailers({
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    end: { reason: 'exited', exitCode: 3, message: null },
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
    const { opening, asked, stdout } = await open((stream, request) => {
      if (request === 'PUT') put = stream;
      else answerOutput(stream, `the ${request}`);
      if (request === 'GET stderr' && put !== null) answerStart(put);
    });
    const session = await opening;
    expect(await session.outcome).toMatchObject({ kind: 'ended', end: { exitCode: 3 } });
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
});
