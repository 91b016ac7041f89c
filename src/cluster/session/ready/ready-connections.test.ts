import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Http2Session } from 'node:http2';
import {
  answerJSON,
  describePlayedSession,
  type PlayedApiServer,
  playApiServer,
} from '../../testing/fake-api-server.ts';
import { type AgentConnection, connectToAgent } from '../agent-connection.ts';
import { ReadyConnections } from './ready-connections.ts';

const limitMs = 5000;
const agent = { namespace: 'crashcart', pod: 'agent' };
const id = '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11';
const { signal } = new AbortController();

let played: PlayedApiServer;
/** Those over which an agent was asked. */
let asked: Set<Http2Session>;
let ready: ReadyConnections;

beforeEach(async () => {
  asked = new Set();
  played = await playApiServer(
    () => 404,
    (_pod, _line, stream) => {
      if (stream.session) asked.add(stream.session);
      answerJSON(stream, describePlayedSession(id));
    },
  );
  ready = new ReadyConnections('bulk');
});

afterEach(() => {
  ready.close();
  played.close();
});

const connect = (mode: 'bulk' | 'interactive' = 'bulk'): AgentConnection =>
  ready.connect(played.api.connection, agent, { mode, limitMs });

async function ask(connection: AgentConnection): Promise<void> {
  await connection.client.getSession(id, signal);
  connection.close();
}

test('a connection that was opened before is that of the session, and of no other one', async () => {
  ready.open(played.api.connection, agent, limitMs, () => undefined);
  const [first, second] = [connect(), connect()];
  await first.client.getSession(id, signal);
  expect(asked.size).toBe(1);
  await ask(second);
  expect(asked.size).toBe(2);
  await ask(first);
});

test('one that is lost meanwhile is told of, and not given to a session', async () => {
  const made: AgentConnection[] = [];
  ready = new ReadyConnections('bulk', (...args) => {
    const connection = connectToAgent(...args);
    made.push(connection);
    return connection;
  });
  const lost = Promise.withResolvers<void>();
  ready.open(played.api.connection, agent, limitMs, lost.resolve);
  await made[0]?.client.getSession(id, signal);
  made[0]?.tunnel.abandon('the agent has ended');
  await lost.promise;
  await ask(connect());
  expect(made).toHaveLength(2);
});

test('one of another kind is not given to a session, and closed', async () => {
  ready.open(played.api.connection, agent, limitMs, () => undefined);
  const terminal = connect('interactive');
  await ask(terminal);
  expect(asked.size).toBe(1);
  await ask(connect());
  expect(asked.size).toBe(2);
});
