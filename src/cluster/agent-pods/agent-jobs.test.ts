import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { ApiClient } from '../api/api-client.ts';
import { fixCredentials } from '../testing/fixed-credentials.ts';
import { testAgentOptions as options } from '../testing/sample-agent-options.ts';
import { AgentJobs } from './agent-jobs.ts';
import { type AgentJobManifest, describeAgent } from './agent-spec.ts';

const manifest = describeAgent('node-1', options).render(0);
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** An API server with one Job at most. @param loseAnswers how many creations get no answer. */
async function startServer({ existing = null as object | null, loseAnswers = 0, onLost = () => {} } = {}) {
  let stored = existing;
  let left = loseAnswers;
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (request.method === 'GET') return void answer(200, stored ?? {});
    void json(request).then((body) => {
      if (stored !== null) return void answer(409, { kind: 'Status', reason: 'AlreadyExists' });
      const { metadata } = body as AgentJobManifest;
      stored = { metadata: { ...metadata, uid: '1' } };
      if (left-- <= 0) return void answer(201, stored);
      request.socket.resetAndDestroy();
      onLost();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  opened.push(() => server.close());
  opened.push(() => server.closeAllConnections());
  const connection = {
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    credentials: fixCredentials(),
    ...{ via: '', context: null, namespace: 'default', requestTimeoutMs: null },
  };
  return new AgentJobs(new ApiClient(connection), options.namespace);
}

const never = new AbortController().signal;

describe('a Job that is asked for', () => {
  test('is this client’s own when the answer tells so', async () => {
    const jobs = await startServer();
    expect(await jobs.createOrFind(manifest, never)).toMatchObject({
      job: { metadata: { name: manifest.metadata.name } },
      isOwn: true,
    });
  });

  test('is this client’s own when the answer was lost, and the second request finds it made', async () => {
    const jobs = await startServer({ loseAnswers: 1 });
    expect(await jobs.createOrFind(manifest, never)).toMatchObject({ job: {}, isOwn: true });
  });

  test('is this client’s own when the client is interrupted between the two requests', async () => {
    const controller = new AbortController();
    const jobs = await startServer({ loseAnswers: 1, onLost: () => controller.abort() });
    expect(await jobs.createOrFind(manifest, controller.signal)).toMatchObject({ job: {}, isOwn: true });
  });

  test('is another client’s when it was there before, also one of the same plugin', async () => {
    const first = await startServer();
    const { job: existing } = await first.createOrFind(manifest, never);
    const jobs = await startServer({ existing });
    expect(await jobs.createOrFind(manifest, never)).toMatchObject({ job: {}, isOwn: false });
  });

  test('is nobody’s when it has ended', async () => {
    const status = { conditions: [{ type: 'Complete', status: 'True' }] };
    const jobs = await startServer({ existing: { metadata: { name: 'agent', uid: '1' }, status } });
    expect(await jobs.createOrFind(manifest, never)).toEqual({ job: null, isOwn: false, warnings: [] });
  });
});
