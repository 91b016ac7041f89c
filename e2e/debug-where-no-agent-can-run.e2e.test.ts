import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart } from './harness/command-run.ts';
import {
  describeMadeUpNode,
  describeSandboxClass,
  labelMadeUp,
  patchStatus,
  removeMadeUpNodes,
} from './harness/made-up-nodes.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

/** Of the targets, and of the agents that must not be made for them. */
const namespace = 'no-agent-here';

beforeAll(async () => {
  // Before the namespace, which would wait for those pods.
  await removeMadeUpNodes(namespace);
  await createTestNamespace(namespace, privilegedLabels);
}, 60_000);

afterAll(() => leaveTestNamespace(namespace), 60_000);

describe('where no agent can run, it is said before anything is made:', () => {
  const runtimeClass = `${namespace}-sandbox`;

  function describePod(name: string, nodeName: string, more: object = {}) {
    const containers = [{ name: 'app', image: 'crashcart.test/musl:1' }];
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: labelMadeUp(namespace) },
      spec: { nodeName, containers, ...more },
    };
  }

  beforeAll(async () => {
    await createObjects([
      describeMadeUpNode('broken-node', namespace),
      describeMadeUpNode('windows-node', namespace, { os: 'windows' }),
      describeSandboxClass(runtimeClass, namespace),
    ]);
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' };
    const broken = {
      ...ready,
      status: 'False',
      reason: 'KubeletNotReady',
      message: 'container runtime is down',
    };
    await patchStatus('node', 'broken-node', namespace, { conditions: [broken] });
    await patchStatus('node', 'windows-node', namespace, { conditions: [ready] });
    const pods = [
      describePod('on-broken', 'broken-node'),
      describePod('on-windows', 'windows-node'),
      describePod('windows', 'windows-node', { os: { name: 'windows' } }),
      describePod('sandboxed', 'broken-node', { runtimeClassName: runtimeClass }),
    ];
    await createObjects(pods);
    for (const pod of pods) {
      const state = { running: { startedAt: new Date().toISOString() } };
      const status = { name: 'app', ready: true, restartCount: 0, image: '', imageID: '', state };
      await patchStatus('pod', pod.metadata.name, namespace, {
        phase: 'Running',
        containerStatuses: [{ ...status, containerID: 'containerd://0123456789abcdef' }],
      });
    }
  }, 60_000);

  afterAll(() => removeMadeUpNodes(namespace), 60_000);

  test.each([
    [
      'on a node that is not ready',
      'on-broken',
      /^error: node "broken-node" is not ready: KubeletNotReady \(container runtime is down\)\n/,
    ],
    ['on such a node itself', 'node/broken-node', /^error: node "broken-node" is not ready: /],
    ['on a node with Windows', 'on-windows', /^error: node "windows-node" runs Windows\n/],
    ['on such a node itself', 'node/windows-node', /^error: node "windows-node" runs Windows\n/],
    ['in a pod of Windows', 'windows', /^error: pod "windows" runs Windows\n/],
    [
      'in a sandbox',
      'sandboxed',
      /^error: pod "sandboxed" runs in a sandbox \(RuntimeClass "no-agent-here-sandbox", handler "runsc"\)\n/,
    ],
  ])('%s (%s)', async (_where, target, words) => {
    const where = [target, '-n', namespace, '--agent-namespace', namespace];
    const { code, stderr } = await runCrashcart([...where, '--', 'true']);
    expect(code).toBe(125);
    expect(stderr).toMatch(words);
    // With what to do, or why.
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(await expectSuccess(['get', 'jobs', '-n', namespace, '-o', 'name'])).toBe('');
  });
});
