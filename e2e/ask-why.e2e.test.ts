import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { parse } from 'parse5';
import type { ProblemName } from '../docs/reference/cookbook/problems.ts';
import { isRecording, recordExample } from './cookbook/recorded-example.ts';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const namespace = 'ask-why';
const image = 'crashcart.test/musl:1';

const script = (line: string, more: object = {}) => ({
  name: 'app',
  image,
  command: ['sh', '-c', line],
  ...more,
});
const stay = 'while :; do sleep 1; done';

function describePod(name: string, spec: object) {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  };
}

interface Why {
  causes: { about: string; text: string }[];
  logs: { container: string; lines: string[] }[];
  next: { command: string }[];
  unknown: { what: string; why: string }[];
}

/** Asks why of a target. @param args more of them. */
async function ask(target: string, ...args: string[]): Promise<Why> {
  const { code, stdout, stderr } = await runCrashcart([
    'why',
    target,
    '-n',
    namespace,
    '-o',
    'yaml',
    ...args,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return load(stdout.toString()) as Why;
}

/** Asks until what is wrong has happened. @returns the answer that names it. */
async function askUntil(target: string, words: RegExp): Promise<Why> {
  let answer: Why | null = null;
  const isTold = async () => {
    answer = await ask(target);
    return answer.causes.some(({ about, text }) => words.test(`${about} ${text}`));
  };
  await waitUntil(`${target} is explained by ${words}`, isTold, 60_000).catch((error: unknown) => {
    throw new Error(JSON.stringify(answer?.causes), { cause: error });
  });
  return answer as unknown as Why;
}

/** Asks once more, as a user does, when examples are wanted. */
async function recordWhy(problem: ProblemName, target: string): Promise<void> {
  if (!isRecording) return;
  const args = ['why', target, '-n', namespace];
  await recordExample(problem, args, await runCrashcart(args));
}

// All at once: they come to their ends while others are asked about.
beforeAll(async () => {
  await createTestNamespace(namespace);
  const probe = { httpGet: { path: '/', port: 9 }, periodSeconds: 1, failureThreshold: 1 };
  await createObjects([
    describePod('hungry', {
      containers: [
        {
          ...{ name: 'app', image, env: [{ name: 'ALLOCATE_MIB', value: '200' }] },
          resources: { limits: { memory: '32Mi' } },
        },
      ],
    }),
    describePod('probed', { containers: [script('echo begun; exec sleep 1000', { livenessProbe: probe })] }),
    describePod('crowded', {
      containers: ['first', 'second'].map((name) => ({ name, image })),
    }),
    describePod('imageless', { containers: [{ name: 'app', image: 'registry.invalid/shop/web:2' }] }),
    describePod('unschedulable', {
      containers: [script(stay, { resources: { requests: { memory: '900Ti' } } })],
    }),
    describePod('initializing', {
      initContainers: [{ ...script(stay), name: 'wait-for-db' }],
      containers: [script(stay)],
    }),
    describePod('keyless', {
      volumes: [{ name: 'keys', secret: { secretName: 'nosuch' } }],
      containers: [script(stay, { volumeMounts: [{ name: 'keys', mountPath: '/keys' }] })],
    }),
    describePod('evicted', {
      restartPolicy: 'Never',
      volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }],
      containers: [
        script(`head -c 5000000 /dev/zero > /data/full; ${stay}`, {
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        }),
      ],
    }),
    {
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'done', namespace } },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [script('printf finished')] } } },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { terminationGracePeriodSeconds: 1, containers: [script('echo old; exit 3')] },
        },
      },
    },
  ]);
  const change = {
    spec: { template: { spec: { containers: [script('printf "\\033[2Jbroken"; exit 3')] } } },
  };
  await expectSuccess(['patch', 'deployment', 'web', '-n', namespace, '-p', JSON.stringify(change)]);
}, 90_000);

afterAll(() => leaveTestNamespace(namespace), 60_000);

describe('why tells what the API knows, with its own words:', () => {
  test('a pod that can’t be scheduled', async () => {
    const { next } = await askUntil(
      'unschedulable',
      /^pod is not scheduled: Unschedulable: 0\/\d+ nodes .*memory/,
    );
    expect(next.map(({ command }) => command)).toEqual(['kubectl describe nodes']);
  });

  test('an init container that the others wait for', async () => {
    const { next } = await askUntil(
      'initializing',
      /^container "wait-for-db" is an init container that still runs/,
    );
    expect(next[0]?.command).toBe(
      `kubectl crashcart pod/initializing -n ${namespace} -c wait-for-db --tool stacks`,
    );
    await recordWhy('init-container', 'initializing');
  });

  test('a volume that can’t be mounted', async () => {
    await askUntil('keyless', /^pod can't start its containers: FailedMount: .*secret "nosuch" not found/);
    await recordWhy('missing-secret', 'keyless');
  });

  test('an image that can’t be pulled', async () => {
    await askUntil(
      'imageless',
      /^container "app" is waiting: (ErrImagePull|ImagePullBackOff): .*registry\.invalid/s,
    );
  });

  test('a container that needs more memory than its limit, and how to enter its next run', async () => {
    const { next } = await askUntil(
      'hungry',
      /CrashLoopBackOff.*\(OOMKilled\): it needed more memory than its limit of 32Mi/,
    );
    expect(next[0]?.command).toBe(`kubectl crashcart pod/hungry -n ${namespace} -c app --wait`);
    await recordWhy('memory-limit', 'hungry');
  });

  test('a probe that ends its container, with the last words of the run', async () => {
    const { logs } = await askUntil(
      'probed',
      /the liveness probe ended it \(Get "http:.*connection refused\)/,
    );
    expect(logs).toEqual([{ container: 'app', previous: expect.any(Boolean), lines: ['begun'] }]);
    await recordWhy('probe', 'probed');
  });

  test('a container whose port another one has, with its own words', async () => {
    const { logs } = await askUntil('crowded', /^container "second" .*exit code 1 /);
    expect(logs.find(({ container }) => container === 'second')?.lines.join()).toMatch(/cannot listen: Addr/);
    await recordWhy('port-conflict', 'crowded');
  });

  test('a pod that was evicted', async () => {
    const { causes } = await askUntil('evicted', /^pod has ended: Evicted: .*exceeds the limit "1Mi"/);
    expect(causes[0]?.about).toBe('pod');
  });

  test('a Job that has completed: nothing is wrong', async () => {
    await waitUntil('it has completed', async () =>
      (await runCrashcart(['why', 'job/done', '-n', namespace])).stdout.toString().includes('has completed'),
    );
    expect((await ask('job/done')).causes).toEqual([]);
  });
});

test('of a deployment, it tells of a pod that is not well and what was changed last, on one page without escapes', async () => {
  await askUntil('deploy/web', /CrashLoopBackOff/);
  const { code, stdout } = await runCrashcart(['why', 'deploy/web', '-n', namespace]);
  expect(code).toBe(0);
  const page = stdout.toString();
  expect(page).toMatch(/^pod ask-why\/web-\S+ of ReplicaSet\/web-\S+, on node /);
  expect(page).toMatch(/^WHY\n {2}container "app" crashes again and again \(CrashLoopBackOff/m);
  expect(page).toMatch(/^LAST CHANGE: revision 2 of deployment web, .*\n {2}command of "app" changed$/m);
  expect(page).toMatch(/^LOG of app.*\n {2}\\x1b\[2Jbroken$/m);
  expect(page).toMatch(/^NEXT\n {2}kubectl crashcart pod\/web-/m);
});

test('the page is a file of HTML with pictures, when that is asked for', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crashcart-why-'));
  try {
    const file = join(directory, 'why.html');
    const args = ['why', 'deploy/web', '-n', namespace, '--output-file', file];
    expect(await runCrashcart(args)).toEqual({ code: 0, stdout: Buffer.alloc(0), stderr: '' });
    const faults: string[] = [];
    const page = await readFile(file, 'utf8');
    parse(page, { onParseError: ({ code }) => faults.push(code) });
    expect(faults).toEqual([]);
    expect(page).toMatch(/<rect class="failed" [^]*<pre>\\x1b\[2Jbroken<\/pre>/);
    expect(await runCrashcart(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('what may not be read is said, and not taken for nothing', async () => {
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reader', namespace },
  };
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
  await createObjects([{ ...role, rules }]);
  await expectSuccess(['create', 'rolebinding', 'reader', '--role=reader', '--user=eve', '-n', namespace]);
  await waitUntil(
    'the role holds',
    async () => (await runCrashcart(['why', 'hungry', '-n', namespace, '--as=eve'])).code === 0,
  );
  const { causes, unknown } = await ask('hungry', '--as=eve');
  expect(causes[0]?.text).toContain('OOMKilled');
  expect(unknown.map(({ what }) => what)).toEqual(['events', 'node', 'log of app']);
  for (const { why } of unknown) expect(why).toMatch(/^you may not (list events|get nodes|get pods\/log)/);
});

test('what is not there, and a node, are refused', async () => {
  expect(await runCrashcart(['why', 'nosuch', '-n', namespace])).toMatchObject({
    code: 125,
    stderr: expect.stringContaining('pod "nosuch" was not found'),
  });
  expect(await runCrashcart(['why', 'node/any'])).toMatchObject({ code: 2 });
});
