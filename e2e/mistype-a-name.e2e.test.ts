import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const namespace = 'mistype-a-name';

function describePod(name: string, spec: { command?: string[]; [field: string]: unknown }) {
  const { command, ...rest } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'app', image: 'crashcart.test/musl:1', ...(command ? { command } : {}) }],
      ...rest,
    },
  };
}

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createObjects([
    describePod('unschedulable', { nodeSelector: { 'crashcart.test/nowhere': 'true' } }),
    describePod('completed', { restartPolicy: 'Never', command: ['sh', '-c', 'exit 0'] }),
    describePod('dying', { restartPolicy: 'Never', command: ['sh', '-c', 'sleep 1000; exit 7'] }),
    describePod('crash-looping', { command: ['sh', '-c', 'exit 7'] }),
  ]);
  await waitForPod(
    'unschedulable',
    '{.status.conditions[?(@.type=="PodScheduled")].reason}',
    'Unschedulable',
  );
  await waitForPod('completed', '{.status.phase}', 'Succeeded');
}, 90_000);

afterAll(() => leaveTestNamespace(namespace), 60_000);

async function waitForPod(name: string, path: string, value: string): Promise<void> {
  const get = ['get', 'pod', name, '-n', namespace, '-o', `jsonpath=${path}`];
  await waitUntil(`${name} is ${value}`, async () => (await expectSuccess(get)) === value, 60_000);
}

/** @returns how a command that can't be run ended; it never writes to stdout. */
async function fail(args: string[]): Promise<{ code: number | null; error: string }> {
  const { code, stdout, stderr } = await runCrashcart(args);
  expect(stdout.toString()).toBe('');
  return { code, error: stderr };
}

describe('what is not there is named, with what to do:', () => {
  const elsewhere = 'Give another namespace with -n, or another cluster with --context.\n';

  test('a pod', async () => {
    expect(await fail(['nosuch', '-n', 'targets', '--', 'true'])).toEqual({
      code: 125,
      error: `error: pod "nosuch" was not found in the namespace "targets"\n${elsewhere}`,
    });
  });

  test('a pod that was meant to be a command', async () => {
    expect(await fail(['doctr', '-n', 'targets'])).toEqual({
      code: 125,
      error: `error: pod "doctr" was not found in the namespace "targets"\nDid you mean the command "doctor"? ${elsewhere}`,
    });
  });

  test('a deployment', async () => {
    expect(await fail(['deployment/nosuch', '-n', 'targets', '--', 'true'])).toEqual({
      code: 125,
      error: `error: deployments "nosuch" was not found in the namespace "targets"\n${elsewhere}`,
    });
  });

  test('a container, with those that are there', async () => {
    expect(await fail(['shared-pid', '-n', 'targets', '-c', 'nosuch', '--', 'true'])).toEqual({
      code: 125,
      error: 'error: pod "shared-pid" has no container "nosuch"\nIts containers: server, sidecar.\n',
    });
  });

  test('a node', async () => {
    expect(await fail(['node/nosuch', '--', 'true'])).toEqual({
      code: 125,
      error: 'error: node "nosuch" was not found\nNodes: `kubectl get nodes`.\n',
    });
  });

  test('a namespace', async () => {
    expect(await fail(['musl', '-n', 'nosuch', '--', 'true'])).toEqual({
      code: 125,
      error: `error: the namespace "nosuch" of pod "musl" does not exist\n${elsewhere}`,
    });
  });

  test('a context, with those that are there', async () => {
    expect(await fail(['musl', '--context', 'nosuch', '--', 'true'])).toEqual({
      code: 125,
      error: 'error: context "nosuch" does not exist\nContexts of the kubeconfig: crashcart.\n',
    });
  });

  test('a kubeconfig', async () => {
    const { code, error } = await fail(['musl', '--kubeconfig', '/nosuch/config', '--', 'true']);
    expect(code).toBe(125);
    expect(error).toMatch(/^error: the kubeconfig \/nosuch\/config can't be read: there is no such file/);
  });

  test('a tool, with the one of the nearest name', async () => {
    expect(await fail(['musl', '-n', 'targets', '--tool', 'tcpdunp', '--', '-i', 'lo'])).toEqual({
      code: 125,
      error: 'error: the toolbox has no tool "tcpdunp"\nDid you mean "tcpdump"?\n',
    });
  });
});

describe('a pod that does not run is refused with why it does not:', () => {
  test('it can’t be scheduled', async () => {
    const { code, error } = await fail(['unschedulable', '-n', namespace, '--', 'true']);
    expect(code).toBe(125);
    expect(error).toMatch(
      /^error: pod "unschedulable" is pending: Unschedulable \(0\/\d+ nodes are available: /,
    );
    expect(error).toContain(`kubectl crashcart why pod/unschedulable -n ${namespace}`);
  });

  test('it has completed', async () => {
    const { code, error } = await fail(['completed', '-n', namespace, '--', 'true']);
    expect(code).toBe(125);
    expect(error).toMatch(
      /^error: container "app" of pod "completed" has completed: exit code 0 \(Completed\)\n/,
    );
  });

  test('it has just ended, which the API server need not know yet', async () => {
    await waitForPod('dying', '{.status.phase}', 'Running');
    await runCrashcart(['dying', '-n', namespace, '--', 'killall', 'sleep']);
    const { code, error } = await fail(['dying', '-n', namespace, '--', 'true']);
    expect(code).toBe(125);
    expect(error).toMatch(
      /^error: container "app" of pod "dying" (has failed|ended): exit code 7 \(Error\)\n/,
    );
  });

  test('it crashes again and again: how it last ended, and how often it was started', async () => {
    let failure = { code: null as number | null, error: '' };
    // It runs for a moment again and again.
    await waitUntil('it is found between two runs', async () => {
      failure = await fail(['crash-looping', '-n', namespace, '--', 'true']);
      return /is crash-looping \(CrashLoopBackOff\), [1-9]/.test(failure.error);
    });
    const { code, error } = failure;
    expect(code).toBe(125);
    expect(error).toMatch(
      /^error: container "app" of pod "crash-looping" is crash-looping \(CrashLoopBackOff\), [1-9]\d* restarts?; its last run ended with exit code 7 \(Error\)\n/,
    );
  });
});

describe('a command line that is wrong ends with code 2 and says what is:', () => {
  const help = 'See `kubectl crashcart --help`.\n';

  test.each([
    ['no target', [], 'TARGET is missing: kubectl crashcart TARGET [-- COMMAND]'],
    ['an unknown flag', ['musl', '--nosuch', '--', 'true'], 'unknown flags: nosuch'],
    ['a flag without its value', ['musl', '-n'], 'Not enough arguments following: n'],
    ['a flag given twice', ['musl', '--tool', 'ip', '--tool', 'ss'], '--tool is given more than once'],
    ['a command without --', ['musl', 'ps'], '2 TARGETs, and no command: a command stands after --'],
    ['a second target', ['pod/musl', 'pod/other'], '2 TARGETs, and no command: a command stands after --'],
    [
      'a command without --, with flags',
      ['musl', 'ls', '-x'],
      'unknown flags: x (a command and its flags stand after --)',
    ],
    ['no command after --', ['musl', '--'], 'there is no command after --'],
    [
      'a limit that is not a duration',
      ['musl', '--timeout', 'soon'],
      '--timeout: "soon" is not a duration (30s, 5m)',
    ],
  ])('%s', async (_what, args, message) => {
    expect(await fail(args)).toEqual({ code: 2, error: `error: ${message}\n${help}` });
  });

  test('a kind that there is not', async () => {
    const kinds =
      'pod, node, deployment, statefulset, daemonset, replicaset, replicationcontroller, job, cronjob, service';
    for (const kind of ['deploymnt', 'deployments.v1beta1.apps', 'Rollout']) {
      expect(await fail([`${kind}/musl`, '--', 'true'])).toEqual({
        code: 2,
        error: [
          `error: the server doesn't have a resource type "${kind.toLowerCase()}"`,
          `Kinds of targets: ${kinds}, and all with a scale subresource or a selector: \`kubectl api-resources\`.\n`,
        ].join('\n'),
      });
    }
  });

  test('a name that no object can have', async () => {
    expect(await fail(['pod/../secrets', '--', 'true'])).toEqual({
      code: 2,
      error: 'error: "pod/../secrets" is not a valid target\nA target is POD, KIND/NAME or node/NAME.\n',
    });
  });
});
