import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import { prepareTestCluster } from '../test-cluster.ts';
import { cutEachRequest } from './cut-each-request.ts';
import { requestFaults, type RequestFaultServer, startRequestFaultServer } from './request-fault-server.ts';

const agents = 'cut-each-soak';
let server: RequestFaultServer;

beforeAll(async () => {
  // Another soak test may have made the cluster anew, which is empty then.
  await prepareTestCluster();
  await createTestNamespace(agents, privilegedLabels);
  server = await startRequestFaultServer();
}, 240_000);

afterAll(async () => {
  server.close();
  await deleteTestNamespace(agents);
}, 60_000);

test(
  'each request of a cold start may be spoilt once, in each way',
  async () => {
    const choose = () => [...requestFaults];
    const spoilt = await cutEachRequest({ server, agents, isCold: true, choose });
    expect(spoilt.length).toBeGreaterThanOrEqual(6 * requestFaults.length);
  },
  20 * 60_000,
);
