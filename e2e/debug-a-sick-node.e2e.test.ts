import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { criticalPriority } from '../src/cluster/agent-pods/critical-priority.ts';
import { agentLabelSelector } from '../src/cluster/agent-pods/agent-spec.ts';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import { askDoctor } from './harness/doctor-findings.ts';
import { describeMadeUpNode, patchStatus, removeMadeUpNodes } from './harness/made-up-nodes.ts';
import { runInNode } from './harness/node-commands.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

/** Of the agents. */
const namespace = 'sick-nodes';
const madeUp = 'full-node';

beforeAll(async () => {
  await removeMadeUpNodes(namespace);
  await createTestNamespace(namespace, privilegedLabels);
  await createObjects([describeMadeUpNode(madeUp, namespace)]);
}, 60_000);

afterAll(async () => {
  await removeMadeUpNodes(namespace);
  await leaveTestNamespace(namespace);
}, 60_000);

function listPods(node: string, path: string): Promise<string> {
  const onNode = ['-l', agentLabelSelector, '--field-selector', `spec.nodeName=${node}`];
  return expectSuccess(['get', 'pods', '-n', namespace, ...onNode, '-o', `jsonpath=${path}`]);
}

describe('a node that has lost its network of pods', () => {
  const node = 'node-2';
  const network = '/etc/cni/net.d/10-crashcart.conflist';
  const isReady = async () => {
    const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
    return (await expectSuccess(['get', 'node', node, '-o', path])) === 'True';
  };

  beforeAll(async () => {
    await runInNode(node, `mv ${network} /run/crashcart-test-network`);
    await waitUntil('the node is not ready', async () => !(await isReady()), 60_000);
  }, 70_000);

  afterAll(async () => {
    await runInNode(node, `mv /run/crashcart-test-network ${network}`);
    await waitUntil('the node is ready again', isReady, 60_000);
  }, 70_000);

  test('gets an agent all the same, since its kubelet answers', async () => {
    const run = [`node/${node}`, '--agent-namespace', namespace, '-q', '--', 'ip', 'link', 'show', 'lo'];
    const { code, stdout, stderr } = await runCrashcart(run);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.toString()).toContain('LOOPBACK');
    // As before, and the node is not ready still.
    expect(await runCrashcart(run)).toMatchObject({ code: 0 });
    expect(await isReady()).toBe(false);
  });

  test('is told by doctor as such, with what still works', async () => {
    const { findings } = await askDoctor([`node/${node}`, '--agent-namespace', namespace]);
    expect(findings['node']).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^not ready: KubeletNotReady .*network not ready/),
      fix: expect.stringContaining('needs no network of pods'),
    });
  });
});

describe('a node whose kubelet admits critical pods alone', () => {
  const run = [`node/${madeUp}`, '--agent-namespace', namespace];
  const pressure = {
    reason: 'Evicted',
    message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
  };
  const noRoom = {
    reason: 'OutOfpods',
    message: 'Pod was rejected: Node did not have enough resource: pods',
  };

  // After 40 s without a word of its kubelet, the node counts as lost.
  beforeEach(() => {
    const now = new Date().toISOString();
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' };
    const conditions = [{ ...ready, lastHeartbeatTime: now }];
    return patchStatus('node', madeUp, namespace, { conditions });
  });

  /** Plays the kubelet, which refuses the pod that was made last. */
  async function refusePod(refusal: object): Promise<void> {
    await waitUntil(
      'the pod is there',
      async () => (await listPods(madeUp, '{.items[*].metadata.name}')) !== '',
    );
    const name = await listPods(madeUp, '{.items[0].metadata.name}');
    await patchStatus('pod', name, namespace, { phase: 'Failed', ...refusal });
  }

  const waitForNoPods = () =>
    waitUntil('nothing is left', async () => (await listPods(madeUp, '{.items[*].metadata.name}')) === '');

  test.each([
    ['under pressure', pressure, 'is under pressure, and takes no agent: Evicted'],
    ['without room for a pod', noRoom, 'runs as many pods as its kubelet allows: OutOfpods'],
  ])('%s: it is told at once, with the way out', async (_state, refusal, words) => {
    const running = runCrashcart([...run, '--', 'true']);
    await refusePod(refusal);
    const { code, stderr } = await running;
    expect(code).toBe(125);
    expect(stderr).toMatch(new RegExp(`^error: the node "${madeUp}" ${words} `));
    expect(stderr).toContain(`--priority ${criticalPriority}`);
    expect(stderr).not.toContain('kubectl logs');
    await waitForNoPods();
  });

  test.each([
    [
      { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' },
      'is shutting down',
    ],
    [
      { reason: 'NodeAffinity', message: 'Predicate NodeAffinity failed' },
      'what the agent is told to look for',
    ],
    [{ reason: 'SMTAlignmentError', message: 'not enough free CPUs' }, 'refuses the agent'],
  ])('%j has no such way out, and is told with its cause', async (refusal, words) => {
    const running = runCrashcart([...run, '--', 'true']);
    await refusePod(refusal);
    const { code, stderr } = await running;
    expect(code).toBe(125);
    expect(stderr).toContain(words);
    expect(stderr).toContain(`: ${refusal.reason} (${refusal.message}`);
    expect(stderr).not.toMatch(/--priority|kubectl logs/);
    await waitForNoPods();
  });

  test('is asked about on a terminal, and then gets a critical agent without requests', async () => {
    const terminal = await UserTerminal.open(`kubectl crashcart ${run.join(' ')} --timeout 20s -- true`);
    await refusePod(noRoom);
    await terminal.waitFor(/Start a critical agent \(system-node-critical\)\?/);
    terminal.press('y\r');
    const path = '{.items[*].spec.priorityClassName}';
    await waitUntil(
      'a critical pod is made',
      async () => (await listPods(madeUp, path)) === criticalPriority,
    );
    expect(await listPods(madeUp, '{.items[*].spec.containers[0].resources.requests.cpu}')).toBe('0');
    // The kubelet has no remedy left.
    await refusePod(pressure);
    await terminal.waitFor(/The agent was critical already/);
    expect(await terminal.waitForExit()).toBe(125);
    await waitForNoPods();
  });
});

test('a critical agent runs where the user asks for one, and later sessions use it', async () => {
  const run = ['node/node-1', '--agent-namespace', namespace, '-q'];
  expect(await runCrashcart([...run, '--priority', criticalPriority, '--', 'true'])).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(await runCrashcart([...run, '--', 'true'])).toMatchObject({ code: 0, stderr: '' });
  expect(await listPods('node-1', '{.items[*].spec.priority}')).toBe('2000001000');
});
