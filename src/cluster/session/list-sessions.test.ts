import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerHttp2Stream } from 'node:http2';
import { listAgents } from '../agent-pods/find-agent.ts';
import { listSessions, maxAgentsAskedAtOnce, selectSession } from './list-sessions.ts';
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
