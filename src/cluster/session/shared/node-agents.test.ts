import { afterEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { commandSetupSchema } from '../../../session-api/command-setup.ts';
import { offsetHeader } from '../../../session-api/session-routes.ts';
import { formatTrailers } from '../../../session-api/stream-trailers.ts';
import { agentLabels, describeAgent } from '../../agent-pods/agent-spec.ts';
import { podSchema } from '../../api/objects/kubernetes-objects.ts';
import { answerJSON, describePlayedSession, playApiServer } from '../../testing/fake-api-server.ts';
import { testAgentOptions } from '../../testing/sample-agent-options.ts';
import type { SessionRequest } from '../client-session.ts';
import { NodeAgents } from './node-agents.ts';

const { signal } = new AbortController();
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** Two nodes whose agents run, and what each connection to them has been asked. */
async function play(answer: (stream: ServerHttp2Stream, session: string, part: string) => unknown) {
  const known = ['node-1', 'node-2'].map((node) =>
    podSchema.parse({
      metadata: {
        name: `agent-of-${node}`,
        uid: node,
        labels: { [agentLabels.key]: describeAgent(node, testAgentOptions).key },
      },
      spec: { nodeName: node },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    }),
  );
  const connections = new Map<Http2Session, string>();
  const played = await playApiServer(
    () => 404,
    (pod, line, stream) => {
      if (stream.session) connections.set(stream.session, pod);
      const [, id = '', part = ''] = /\/v1\/sessions\/([^/?]+)\/?([^?]*)/.exec(line) ?? [];
      answer(stream, id, part);
    },
  );
  const agents = new NodeAgents(played.api, {
    ...{ options: testAgentOptions, known, timeoutMs: 5000, signal },
    onProgress: () => undefined,
    retry: () => Promise.reject(new Error('no other start is of use')),
  });
  opened.push(played.close, () => agents.close());
  return { agents, connections };
}

async function open(agents: NodeAgents, node: string) {
  const spec: SessionRequest = {
    ...{ target: { kind: 'node', node }, command: ['true'], terminal: null, stdin: false },
    ...{ client: '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11', setup: commandSetupSchema.parse({}) },
    ...{ graceSeconds: 300, catch: null, keepSeconds: null, outputBufferBytes: 4 * 1024 * 1024 },
    audit: { claimedUser: null, reason: null },
  };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const told: string[] = [];
  const sinks = {
    ...{ stdout, stderr, compress: false },
    onLost: () => told.push('lost'),
    onRestored: () => told.push('restored'),
    onGap: () => told.push('gap'),
  };
  const session = await agents.open({ target: { kind: 'node', node }, node }, spec, sinks, signal);
  opened.push(() => session.close());
  return { session, stdout, told };
}

function answerOutput(stream: ServerHttp2Stream, content: string): void {
  stream.respond({ ':status': 200, [offsetHeader]: '0' }, { waitForTrailers: true });
  const sha256 = createHash('sha256').update(content).digest('hex');
  const end = { reason: 'exited', exitCode: 0, message: null, warnings: [], leftProcesses: [] } as const;
  stream.once('wantTrailers', () =>
    stream.sendTrailers(
      formatTrailers({ bytes: content.length, sha256, end: { ...end, warnings: [], leftProcesses: [] } }),
    ),
  );
  stream.end(content);
}

test('the sessions of a node share one connection to one agent', async () => {
  const { agents, connections } = await play((stream, id, part) => {
    if (part === '') answerJSON(stream, describePlayedSession(id));
    else answerOutput(stream, part === 'stdout' ? id : '');
  });
  const nodes = ['node-1', 'node-2', 'node-1', 'node-1', 'node-2'];
  const sessions = await Promise.all(nodes.map((node) => open(agents, node)));
  for (const { session, stdout } of sessions) {
    await session.outcome;
    session.close();
    expect(await text(stdout.end())).toBe(session.id);
  }
  await (
    await open(agents, 'node-1')
  ).session.outcome;
  expect([...connections.values()].toSorted()).toEqual(['agent-of-node-1', 'agent-of-node-2']);
});

test('sessions whose connection is lost come back over one other connection', async () => {
  const outputs: ServerHttp2Stream[] = [];
  const { agents, connections } = await play((stream, id, part) => {
    if (part !== 'stdout' && part !== 'stderr') answerJSON(stream, describePlayedSession(id));
    else if (connections.size > 1 || part === 'stderr') answerOutput(stream, '');
    else outputs.push(stream.respond({ ':status': 200, [offsetHeader]: '0' }) ?? stream);
  });
  const sessions = await Promise.all(['node-1', 'node-1', 'node-1'].map((node) => open(agents, node)));
  while (outputs.length < 3) await new Promise(setImmediate);
  for (const connection of connections.keys()) connection.destroy();
  for (const { session, told } of sessions) {
    expect(await session.outcome).toMatchObject({ kind: 'ended' });
    expect(told).toEqual(['lost', 'restored']);
  }
  expect(connections.size).toBe(2);
});
