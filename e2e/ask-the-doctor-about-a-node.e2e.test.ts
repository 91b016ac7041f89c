import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { agentAnnotations, agentContainer, agentLabels } from '../src/cluster/agent-pods/agent-spec.ts';
import { askDoctor } from './harness/doctor-findings.ts';
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

/** Of agents and targets. */
const namespace = 'doctor-nodes';
const labels = labelMadeUp(namespace);
const sick = 'doctor-sick-node';

function describePod(name: string, more: { metadata?: object; spec?: object; container?: string }): object {
  const containers = [
    { name: more.container ?? 'app', image: 'crashcart.test/musl:1', imagePullPolicy: 'Never' },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, ...more.metadata },
    spec: { terminationGracePeriodSeconds: 1, containers, ...more.spec },
  };
}

beforeAll(async () => {
  await removeMadeUpNodes(namespace);
  await createTestNamespace(namespace, privilegedLabels);
  await createObjects([
    describeMadeUpNode(sick, namespace, {
      taints: [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }],
    }),
    describeSandboxClass(namespace, namespace),
    describePod('sandboxed', { spec: { nodeName: sick, runtimeClassName: namespace } }),
    // As an agent of an older version that does not answer.
    describePod('old-agent', {
      container: agentContainer,
      metadata: {
        labels: { ...labels, [agentLabels.name]: 'crashcart' },
        annotations: { [agentAnnotations.version]: '0.0.1' },
      },
    }),
  ]);
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'OfTest',
    message: 'of the test',
  });
  await patchStatus('node', sick, namespace, {
    conditions: [condition('Ready', 'False'), condition('DiskPressure', 'True')],
    nodeInfo: {
      ...{ architecture: 'amd64', operatingSystem: 'linux', osImage: 'Old', kernelVersion: '4.14.1' },
      ...{ containerRuntimeVersion: 'docker://19.3.1', kubeletVersion: 'v1.30.0', kubeProxyVersion: '' },
      ...{ machineID: '', systemUUID: '', bootID: '' },
    },
  });
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/old-agent', '-n', namespace, '--timeout=30s']);
}, 90_000);

afterAll(async () => {
  await removeMadeUpNodes(namespace);
  await leaveTestNamespace(namespace);
}, 90_000);

test('a node where no agent can run is told, by all that its status says', async () => {
  const { code, findings } = await askDoctor([`node/${sick}`, '--agent-namespace', namespace]);
  expect(code).toBe(1);
  expect(findings['node']).toMatchObject({
    status: 'warning',
    message: expect.stringMatching(/^not ready: .*OfTest/),
  });
  expect(findings['node taints']).toMatchObject({
    status: 'warning',
    message: 'karpenter.sh/disrupted: the node is about to be removed',
  });
  expect(findings['node pressure']).toMatchObject({
    status: 'failed',
    message: 'DiskPressure: the kubelet admits critical agents alone',
  });
  expect(findings['container runtime']?.status).toBe('warning');
  expect(findings['kernel']?.status).toBe('warning');
  expect(findings['cgroups']?.status).toBe('unknown');
});

test('of all nodes, one where no agent can run is a warning', async () => {
  const { findings } = await askDoctor(['--agent-namespace', namespace]);
  expect(findings['node']).toMatchObject({ status: 'warning', message: expect.stringContaining(sick) });
});

test('a target in a sandbox is told', async () => {
  const where = ['-n', namespace, '--agent-namespace', namespace];
  const { findings } = await askDoctor(['sandboxed', ...where]);
  expect(findings['sandbox']).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('handler "runsc"'),
  });
});

test('an agent of another version is told, and one that does not answer', async () => {
  const { code, findings } = await askDoctor(['--agent-namespace', namespace]);
  expect(code).toBe(1);
  expect(findings['agents']).toMatchObject({
    status: 'warning',
    message: expect.stringContaining('1 running, some of version 0.0.1'),
  });
  expect(findings['tunnel']?.status).toBe('failed');
});
