import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeAgent } from '../src/cluster/agent-pods/agent-spec.ts';
import { testAgentOptions } from '../src/cluster/testing/sample-agent-options.ts';
import { agentPaths } from '../src/session-api/agent-paths.ts';
import { runCrashcart, runKubectl, waitUntil } from './harness/command-run.ts';
import { readRenamedManifests } from './harness/renamed-manifests.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

/** The namespace of agents, and the beginning of what is made besides. */
const name = 'doctor-policies';
const image = 'crashcart.dev/agent:0.1.0';
const clusterObjects = [
  'validatingadmissionpolicies,validatingadmissionpolicybindings',
  '-l',
  `app.kubernetes.io/name=${name}`,
];
const component = 'components/admission-policies';
const tunnelID = '01234567-89ab-cdef-0123-456789abcdef';

type Fields = Record<string, unknown>;

/** An agent's Job as the plugin makes it, with changes to its pod's spec and to its container. */
function describeJob(podChanges: Fields = {}, containerChanges: Fields = {}, from = image) {
  const { render } = describeAgent('node-1', { ...testAgentOptions, namespace: name, image: from });
  const job = render(0) as unknown as {
    metadata: object;
    spec: { template: { spec: { containers: [Fields] } } };
  };
  const { template } = job.spec;
  const spec = {
    ...template.spec,
    containers: [{ ...template.spec.containers[0], ...containerChanges }],
    ...podChanges,
  };
  return { ...job, spec: { ...job.spec, template: { ...template, spec } } };
}

/** The same kept on nodes. */
function describeDaemonSet(podChanges: Fields = {}, containerChanges: Fields = {}, from = image) {
  const { template } = describeJob(podChanges, containerChanges, from).spec;
  const labels = { app: 'resident' };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'resident', namespace: name },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...template.spec, restartPolicy: 'Always' } },
    },
  };
}

function describePod(...changes: Parameters<typeof describeJob>) {
  const { spec } = describeJob(...changes).spec.template;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'agent', namespace: name }, spec };
}

/** Nothing is made. */
function attempt(object: object) {
  return runKubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) });
}

beforeAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await createTestNamespace(name, privilegedLabels);
  // From before the policies: into this one an exec is tried.
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'earlier', namespace: name },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
      },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/earlier', '-n', name, '--timeout=30s']);
  await createObjects(
    await readRenamedManifests(name, [
      `${component}/allowed-images.yaml`,
      `${component}/agent-policy.yaml`,
      `${component}/exec-policy.yaml`,
    ]),
  );
  await waitUntil('the policy for agents holds', async () => {
    const isAdmitted = (await attempt(describePod())).code === 0;
    return isAdmitted && (await attempt(describePod({ hostIPC: true }))).code !== 0;
  });
  await waitUntil('the policy for execs holds', async () => {
    const { stderr } = await runKubectl(['exec', 'earlier', '-n', name, '--', '/no/such/program']);
    return stderr.includes('ValidatingAdmissionPolicy');
  });
}, 120_000);

afterAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await leaveTestNamespace(name);
}, 90_000);

test('the API server finds no fault with the policies’ expressions', async () => {
  const names = [`${name}-agents`, `${name}-exec`];
  const checked = names.map((policy) => `validatingadmissionpolicy/${policy}`);
  await expectSuccess(['wait', '--for=jsonpath={.status.observedGeneration}=1', ...checked, '--timeout=20s']);
  const warnings = '-o=jsonpath={.items[*].status.typeChecking.expressionWarnings}';
  expect(await expectSuccess(['get', 'validatingadmissionpolicy', ...names, warnings])).toBe('');
});

describe('with the policies of the manifests, an agent', () => {
  test('as the plugin makes it is admitted: Job, DaemonSet and pod', async () => {
    for (const object of [describeJob(), describeDaemonSet(), describePod()]) {
      const { code, stderr } = await attempt(object);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  });

  test('of another image is refused, and told which are admitted by what', async () => {
    for (const describe of [describeJob, describeDaemonSet, describePod]) {
      const { code, stderr } = await attempt(describe({}, {}, 'busybox'));
      expect(code).toBe(1);
      expect(stderr).toContain(
        `the image of an agent has to be one of the ConfigMap ${name}-agent-images, not busybox`,
      );
    }
  });

  const secret = { valueFrom: { secretKeyRef: { name: 'any', key: 'any' } } };
  const withVariable = (name: string, source: Fields) => ({ env: [{ name, ...source }] });
  const nodeName = { valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
  const annotations = { valueFrom: { fieldRef: { fieldPath: "metadata.annotations['any']" } } };
  const program = { exec: { command: ['sh'] } };
  const node = { name: 'node', hostPath: { path: '/' } };
  const claim = { name: 'any', resourceClaimName: 'any' };
  test.each<[string, Fields, Fields, string]>([
    ['another program', {}, { command: ['sh'] }, "its image's own program"],
    ['arguments', {}, { args: ['-c', 'id'] }, "its image's own program"],
    ['a hook', {}, { lifecycle: { postStart: program } }, 'without probes and hooks'],
    ['a liveness probe', {}, { livenessProbe: program }, 'without probes and hooks'],
    ['a readiness probe', {}, { readinessProbe: program }, 'without probes and hooks'],
    ['a startup probe', {}, { startupProbe: program }, 'without probes and hooks'],
    ['a preloaded library', {}, { env: [{ name: 'LD_PRELOAD', value: '/x' }] }, 'no environment variables'],
    ['a secret', {}, { env: [{ name: 'CRASHCART_NODE', ...secret }] }, 'no environment variables'],
    ['a name of its node', {}, withVariable('CRASHCART_NODE', { value: 'a\nb' }), 'the name of its node and'],
    ['a field as its node', {}, withVariable('CRASHCART_NODE', annotations), 'the name of its node and'],
    ['no number', {}, withVariable('CRASHCART_IDLE_SECONDS', { value: '1\n' }), 'whole numbers'],
    ['a number that is none yet', {}, withVariable('CRASHCART_IDLE_SECONDS', nodeName), 'whole numbers'],
    ['an empty number', {}, withVariable('CRASHCART_SESSION_MEMORY_BYTES', {}), 'whole numbers'],
    ['secrets', {}, { envFrom: [{ secretRef: { name: 'any' } }] }, 'no environment variables'],
    ['a volume', { volumes: [node] }, {}, 'an agent has no volumes'],
    ['a program that can be changed', {}, { securityContext: { privileged: true } }, "can't change its own"],
    ['a token', { automountServiceAccountToken: true }, {}, "no service account's token"],
    ['a port', {}, { ports: [{ containerPort: 8080 }] }, 'listens on no port'],
    ['the IPC namespace of the node', { hostIPC: true }, {}, "not in the node's IPC namespace"],
    ['a file over a program', {}, { terminationMessagePath: '/usr/bin/env' }, 'message at the usual path'],
    ['a claim', { resourceClaims: [claim] }, { resources: { claims: [{ name: 'any' }] } }, 'has no devices'],
    ['a claim of its pod', { resourceClaims: [claim] }, {}, 'has no devices'],
    ['a device', {}, { resources: { limits: { 'example.com/any': '1' } } }, 'has no devices'],
    ['another runtime', { runtimeClassName: 'crun' }, {}, "in the node's usual runtime"],
    ['another directory', {}, { workingDir: '/tmp' }, "in its image's own directory"],
    ['another container before it', { initContainers: [{ name: 'first', image }] }, {}, 'has one container'],
  ])('with %s is refused', async (_what, podChanges, containerChanges, words) => {
    for (const describe of [describeJob, describeDaemonSet]) {
      const controller = await attempt(describe(podChanges, containerChanges));
      expect(controller).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
    }
    // Of a pod that has been completed by then: a token is a volume, too.
    const pod = await attempt(describePod(podChanges, containerChanges));
    expect(pod).toMatchObject({ code: 1, stderr: expect.stringContaining('ValidatingAdmissionPolicy') });
  });

  test('that is kept on nodes can be installed, and of another image is refused by install itself', async () => {
    const install = ['install', '--agent-namespace', name, '--dry-run=server'];
    expect(await runCrashcart([...install, '--image', image])).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await runCrashcart([...install, '--image', 'busybox']);
    expect(code).toBe(125);
    expect(stderr).toContain(`the cluster refuses the agent's DaemonSet in the namespace "${name}"`);
    expect(stderr).toContain(`has to be one of the ConfigMap ${name}-agent-images, not busybox`);
  });

  test('that is kept on nodes can’t be given another image later', async () => {
    await createObjects([describeDaemonSet({ nodeSelector: { 'crashcart.test/nowhere': 'true' } })]);
    const containers = [{ name: 'agent', image: 'busybox' }];
    const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
    const { stderr } = await runKubectl(['patch', 'daemonset', 'resident', '-n', name, '-p', patch]);
    expect(stderr).toContain('the image of an agent has to be one of');
    // What is no change of its spec is not looked at.
    await expectSuccess(['label', 'daemonset', 'resident', '-n', name, 'any=label']);
    await expectSuccess(['delete', 'daemonset', 'resident', '-n', name]);
  });

  const change = async (...flags: string[]) =>
    runKubectl(['patch', 'pod', 'earlier', '-n', name, '--dry-run=server', ...flags]);

  test('can’t be given another image, or another container, later', async () => {
    const image = JSON.stringify({ spec: { containers: [{ name: 'app', image: 'busybox' }] } });
    expect((await change('-p', image)).stderr).toContain('the image of an agent has to be one of');
    const ephemeral = JSON.stringify({
      spec: { ephemeralContainers: [{ name: 'other', image: 'busybox' }] },
    });
    const { stderr } = await change('--subresource=ephemeralcontainers', '-p', ephemeral);
    expect(stderr).toContain("an agent's pod has one container");
  });

  test('of an image that is no longer admitted can still be tidied up', async () => {
    const { code, stderr } = await change('-p', JSON.stringify({ metadata: { finalizers: null } }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('into an agent', () => {
  test('the tunnel’s relay is let in', async () => {
    const { stderr } = await runKubectl(['exec', 'earlier', '-n', name, '--', agentPaths.relay, tunnelID]);
    // By the runtime: this pod has none.
    expect(stderr).toContain('no such file or directory');
    expect(stderr).not.toContain('ValidatingAdmissionPolicy');
  });

  test.each([
    ['exec', ['--', 'sh'], 'nothing is run but the relay'],
    ['exec', ['--', agentPaths.relay], 'nothing is run but the relay'],
    ['exec', ['--', agentPaths.relay, tunnelID, 'more'], 'nothing is run but the relay'],
    ['exec', ['--', agentPaths.relay, '$(id)'], 'nothing is run but the relay'],
    ['attach', [], 'there is no way but kubectl crashcart, not attach'],
    ['port-forward', [':10250'], 'there is no way but kubectl crashcart, not portforward'],
  ])('%s %j is not', async (verb, args, words) => {
    const { code, stderr } = await runKubectl([verb, 'earlier', '-n', name, ...args]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('ValidatingAdmissionPolicy');
    expect(stderr).toContain(words);
  });
});

test('without the list of images there are no agents', async () => {
  await expectSuccess(['delete', 'configmap', `${name}-agent-images`, '-n', name]);
  await waitUntil('the list is gone', async () => (await attempt(describePod())).code !== 0);
  expect((await attempt(describePod())).stderr).toContain('no params found for policy binding');
});
