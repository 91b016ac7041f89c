import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCrashcart } from '../harness/command-run.ts';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import { cutEachRequest } from './cut-each-request.ts';
import { requestFaults, type RequestFaultServer, startRequestFaultServer } from './request-fault-server.ts';

const agents = 'cut-each-request';
let server: RequestFaultServer;

beforeAll(async () => {
  await createTestNamespace(agents, privilegedLabels);
  server = await startRequestFaultServer();
}, 60_000);

afterAll(async () => {
  server.close();
  await deleteTestNamespace(agents);
}, 60_000);

test('each request of a cold start may be spoilt once', async () => {
  const choose = (ordinal: number) => [requestFaults[ordinal % requestFaults.length] ?? 'reset'];
  const spoilt = await cutEachRequest({ server, agents, isCold: true, choose });
  for (const request of [/GET .*\/pods\/musl/, /POST .*\/jobs/, /GET .*\/pods\?.*watch=true/, /\/exec\?/])
    expect(spoilt).toContainEqual(expect.stringMatching(request));
}, 150_000);

test('each request of a session with a running agent may be spoilt once, in each way', async () => {
  const target = ['musl', '-n', 'targets', '--agent-namespace', agents];
  expect(await runCrashcart([...target, '--', 'true'])).toMatchObject({ code: 0 });
  const choose = () => [...requestFaults];
  const spoilt = await cutEachRequest({ server, agents, isCold: false, choose });
  expect(spoilt.length).toBeGreaterThanOrEqual(3 * requestFaults.length);
}, 150_000);
