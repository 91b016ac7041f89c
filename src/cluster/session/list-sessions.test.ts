import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerHttp2Stream } from 'node:http2';
import { listAgents } from '../agent-pods/find-agent.ts';
import { describeSilence, listSessions, maxAgentsAskedAtOnce, selectSession } from './list-sessions.ts';
import { answerJSON, describePlayedSession, playApiServer } from '../testing/fake-api-server.ts';

const signal = new AbortController().signal;
let close = () => {};

afterEach(() => close());

function makeID(number: number): string {
  return `2f1f6f5e-7c2c-4a2e-9c3b-${String(number).padStart(12, '0')}`;
}

function describeAgents(count: number) {
  const items = Array.from({ length: count }, (_, number) => ({
    metadata: { name: `agent-${number}` },
    spec: { nodeName: `node-${number}` },
    status: { phase: 'Running' },
  }));
  return { items };
}

describe('the sessions of all agents', () => {
  test('are asked for so that no more than some are asked at once, and all are', async () => {
    const count = maxAgentsAskedAtOnce * 2 + 1;
    const waiting: { pod: string; stream: ServerHttp2Stream }[] = [];
    let asked = 0;
    let most = 0;
    const answerAll = async () => {
      // Who else asks at the same time has asked by then.
      for (let trip = 0; trip < 50; trip++) await listAgents(played.api, 'crashcart', signal);
      most = Math.max(most, waiting.length);
      for (const { pod, stream } of waiting.splice(0))
        answerJSON(stream, [describePlayedSession(makeID(Number(pod.split('-')[1])))]);
    };
    const played = await playApiServer(
      () => describeAgents(count),
      (pod, _request, stream) => {
        waiting.push({ pod, stream });
        asked++;
        if (waiting.length === maxAgentsAskedAtOnce || asked === count) void answerAll();
      },
    );
    ({ close } = played);
    const { sessions, silent } = await listSessions(played.api, 'crashcart', signal);
    expect({ found: sessions.length, silent, most }).toEqual({
      found: count,
      silent: [],
      most: maxAgentsAskedAtOnce,
    });
  });
});

describe('agents that do not tell their sessions', () => {
  const silent = [1, 2, 3].map((number) => ({
    ...{ pod: `agent-${number}`, node: `node-${number}` },
    why: number === 3 ? 'its versions differ' : 'you may not',
    hint: number === 3 ? null : 'Ask for it.',
  }));

  test('are named with the reason, each reason and each hint once', () => {
    expect(describeSilence(silent)).toMatchObject({
      code: 'incomplete',
      message:
        'the sessions of 3 agents are not known: agents agent-1 on node-1, agent-2 on node-2: you may not; agent agent-3 on node-3: its versions differ',
      hint: 'Ask for it.',
    });
  });

  test('may have the session that no other has', () => {
    expect(() => selectSession({ sessions: [], silent }, 'crashcart', '0000')).toThrow(
      'no agent that answered has a session 0000; the sessions of 3 agents are not known',
    );
  });

  test('are found with what keeps them from an answer', async () => {
    const played = await playApiServer(
      () => describeAgents(2),
      (pod, _request, stream) => {
        if (pod === 'agent-1') stream.session?.destroy();
        else answerJSON(stream, [describePlayedSession(makeID(1))]);
      },
    );
    ({ close } = played);
    const found = await listSessions(played.api, 'crashcart', signal);
    expect(found).toMatchObject({
      sessions: [{ pod: 'agent-0' }],
      silent: [{ pod: 'agent-1', node: 'node-1' }],
    });
  });
});

describe('a session’s ID', () => {
  const sessions = [1, 2].map((number) => ({
    pod: 'agent-1',
    node: 'node-1',
    state: describePlayedSession(makeID(number)),
  })) as Parameters<typeof selectSession>[0]['sessions'];

  test.each([
    ['of no session', '0000', 'has a session 0000'],
    ['of several sessions', makeID(1).slice(0, 8), 'matches 2 sessions'],
  ])('%s is refused', (_what, id, words) => {
    expect(() => selectSession({ sessions, silent: [] }, 'crashcart', id)).toThrow(words);
  });

  test('is found whole', () => {
    const found = selectSession({ sessions, silent: [] }, 'crashcart', makeID(2));
    expect(found.state.id).toBe(makeID(2));
  });
});
