import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bridge } from './cluster/cluster-layout.ts';
import { expectNothingLeft, refusalLimitMs, startAgentIn } from './harness/agent-start.ts';
import { waitUntil } from './harness/command-run.ts';
import {
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

/** Of the agents. */
const namespace = 'fails-to-run';
const noSuchImage = 'crashcart.test/no/such:1';

beforeAll(() => createTestNamespace(namespace, privilegedLabels), 60_000);

afterAll(() => leaveTestNamespace(namespace), 60_000);

describe('an image that can’t be pulled', () => {
  test('as its registry refuses is given up within 15 s, with the kubelet’s words', async () => {
    const image = '127.0.0.1:1/no/such:1';
    const run = startAgentIn(namespace, '--image', image);
    const path = '{.items[*].status.containerStatuses[0].state.waiting.reason}';
    const getReason = ['get', 'pods', '-n', namespace, '-o', `jsonpath=${path}`];
    await waitUntil('the pull fails', async () => /ImagePull/.test(await expectSuccess(getReason)));
    const failedAt = performance.now();
    const { code, error } = await run;
    expect(performance.now() - failedAt).toBeLessThan(15_000);
    expect(code).toBe(125);
    expect(error).toMatch(
      /^error: the agent's image "127\.0\.0\.1:1\/no\/such:1" can't be pulled on the node "node-\d": /,
    );
    expect(error).toMatch(/dial tcp 127\.0\.0\.1:1: connect: connection refused/);
    expect(error).toContain('--image');
    await expectNothingLeft(namespace);
  });

  test('as it must not be pulled is given up at once', async () => {
    const { code, error, ms } = await startAgentIn(
      namespace,
      ...['--image', noSuchImage, '--image-pull-policy', 'Never'],
    );
    expect(code).toBe(125);
    expect(error).toMatch(/ErrImageNeverPull: .*is not present with pull policy of Never/);
    expect(ms).toBeLessThan(refusalLimitMs);
    await expectNothingLeft(namespace);
  });
});

describe('an image that is not an agent’s', () => {
  test.each([
    ['that has programs of its own', 'crashcart.test/musl:1'],
    ['that has nothing else', 'crashcart.test/pause:1'],
  ])('%s is told as that, and nothing is left', async (_what, image) => {
    const { code, error, ms } = await startAgentIn(
      namespace,
      '--image',
      image,
      '--image-pull-policy',
      'Never',
    );
    expect(code).toBe(125);
    expect(error).toMatch(
      new RegExp(
        `^error: the image "${image}" is not an agent's, .*: there is no /usr/local/bin/crashcart-relay in it\n`,
      ),
    );
    expect(error).toContain('Leave --image out');
    expect(ms).toBeLessThan(15_000);
    await expectNothingLeft(namespace);
  });
});

describe('a start that takes longer than --timeout', () => {
  const connections = new Set<Socket>();
  /** Takes requests and never answers. */
  const registry = createServer((connection) => {
    connection.on('error', () => undefined);
    connections.add(connection);
  });

  beforeAll(() => once(registry.listen(0, bridge.address), 'listening'));

  function closeRegistry(): void {
    registry.close();
    for (const connection of connections) connection.destroy();
  }

  afterAll(closeRegistry);

  test('is given up, with what it was waiting for, and nothing is left', async () => {
    const image = `${bridge.address}:${(registry.address() as AddressInfo).port}/slow:1`;
    const { code, error, ms } = await startAgentIn(namespace, '--image', image, '--timeout', '2s');
    expect(code).toBe(125);
    expect(error).toMatch(/^error: the agent on the node "node-\d" was not running within 2 s: \S+/);
    expect(error).toContain('--timeout');
    expect(ms).toBeLessThan(refusalLimitMs);
    // The kubelet ends the pod once its pull has ended.
    closeRegistry();
    await expectNothingLeft(namespace);
  });
});
