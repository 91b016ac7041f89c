import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bridge } from './cluster/cluster-layout.ts';
import { getClusterState } from './cluster/cluster-state.ts';
import { locateRegistries } from './cluster/node-configuration.ts';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import { type FailingRegistry, startFailingRegistry } from './harness/failing-registry.ts';
import {
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'cannot-pull';
/** As the nodes know it, who reach it by HTTP. */
const host = 'failing.crashcart.test';
/** From the first refusal on. */
const limitMs = 15_000;
let registry: FailingRegistry;
let address: string;

beforeAll(async () => {
  registry = await startFailingRegistry(bridge.address);
  address = `http://${registry.host}`;
  await createTestNamespace(namespace, privilegedLabels);
  const hosts = `server = "${address}"\n[host."${address}"]\ncapabilities = ["pull", "resolve"]\n`;
  for (const node of (await getClusterState()).nodes) {
    await mkdir(join(locateRegistries(node), host), { recursive: true });
    await writeFile(join(locateRegistries(node), host, 'hosts.toml'), hosts);
  }
}, 90_000);

afterAll(async () => {
  for (const node of (await getClusterState()).nodes)
    await rm(join(locateRegistries(node), host), { recursive: true, force: true });
  // First, as the kubelet ends a pod only once its pull has ended.
  registry.close();
  await leaveTestNamespace(namespace);
}, 90_000);

/** Starts an agent with an image. @returns what is said, and how long after the kubelet said that first. */
async function pull(image: string) {
  const where = ['musl', '-n', 'targets', '--agent-namespace', namespace, '-q'];
  const run = runCrashcart([...where, '--image', image, '--', 'true']);
  const path = `{.items[?(@.spec.containers[0].image=="${image}")].status.containerStatuses[0].state.waiting.reason}`;
  const getReason = ['get', 'pods', '-n', namespace, '-o', `jsonpath=${path}`];
  await Promise.race([
    run,
    waitUntil('the pull fails', async () => /Image/.test(await expectSuccess(getReason)), 40_000),
  ]);
  const failedAt = performance.now();
  const { code, stderr } = await run;
  return { code, stderr, ms: performance.now() - failedAt };
}

// At once: some take as long as a pull may be tried again. (A host that nobody knows would hold up the others: the
// kubelet pulls one image after the other, and its resolver takes its time.)
test.concurrent.each([
  ['without such a tag', () => `${host}/no-tag:1`, /not found/],
  ['without such a repository', () => `${host}/no-repository:1`, /not found/],
  ['that the registry forbids', () => `${host}/forbidden:1`, /403 Forbidden/],
  ['that needs credentials', () => `${host}/unauthorized:1`, /authorization failed|401|no basic auth/],
  ['whose registry is overloaded', () => `${host}/unavailable:1`, /503 Service Unavailable/],
  ['for other machines', () => `${host}/other-platform:1`, /no match for platform/],
  ['that can’t be unpacked', () => `${host}/no-archive:1`, /extract|EOF|tar header/],
  ['whose bytes are not those of its digest', () => `${host}/other-bytes:1`, /digest/],
  ['of a registry without TLS', () => `${registry.host}/agent:1`, /HTTP response to HTTPS client/],
])(
  'an image %s is given up in time, with its name and the words of who refuses it',
  async (_what, name, words) => {
    const image = name();
    const { code, stderr, ms } = await pull(image);
    expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringMatching(words) });
    expect(stderr).toContain(`error: the agent's image "${image}" can't be pulled on the node "node-`);
    expect(stderr).toContain('\nGive another image with --image');
    expect(ms).toBeLessThan(limitMs);
  },
  120_000,
);
