import { expect, test } from '@jest/globals';
import type { NodeReport } from '../../../session-api/node-report.ts';
import { nodeSchema } from '../../api/objects/kubernetes-objects.ts';
import { checkCgroups, checkKernel, checkRuntime } from './node-software.ts';

function describeNode(nodeInfo: Record<string, string>) {
  return nodeSchema.parse({ metadata: { name: 'worker' }, status: { nodeInfo } });
}

test.each([
  ['containerd://2.4.2+unknown', 'ok'],
  ['containerd://1.6.0', 'ok'],
  ['containerd://1.5.18', 'warning'],
  ['cri-o://1.33.1', 'ok'],
  ['docker://27.0.1', 'warning'],
  ['frakti://1.0.0', 'warning'],
  ['', 'unknown'],
])('the runtime "%s" is %s', (containerRuntimeVersion, status) => {
  expect(checkRuntime(describeNode({ containerRuntimeVersion })).status).toBe(status);
});

test.each([
  ['6.18.44-any', 'ok'],
  ['4.18.0-553.el8', 'ok'],
  ['4.14.355-amzn2', 'warning'],
  ['', 'unknown'],
])('the kernel "%s" is %s', (kernelVersion, status) => {
  expect(checkKernel(describeNode({ kernelVersion })).status).toBe(status);
});

test.each([
  ['v1.37.2', true, 'warning'],
  ['v1.35.0-eks-1', false, 'ok'],
  ['v1.34.9', false, 'unknown'],
  ['', false, 'unknown'],
])('the cgroups of the kubelet "%s", with its event of v1 %s, are %s', (kubeletVersion, isV1, status) => {
  expect(checkCgroups(describeNode({ kubeletVersion }), isV1, null).status).toBe(status);
});

test.each([
  [1, 'v1.37.2', 'warning'],
  [2, 'v1.34.9', 'ok'],
] as const)(
  'cgroups that an agent tells as v%d are so, whatever the kubelet "%s" is',
  (cgroupVersion, kubeletVersion, status) => {
    const report = { cgroupVersion, missingLimits: [] as string[] } as NodeReport;
    expect(checkCgroups(describeNode({ kubeletVersion }), false, report).status).toBe(status);
  },
);

test('cgroups by which sessions can not be limited are a warning', () => {
  const report = { cgroupVersion: 2, missingLimits: ['memory', 'pids'] } as NodeReport;
  expect(checkCgroups(describeNode({ kubeletVersion: 'v1.37.2' }), false, report)).toMatchObject({
    status: 'warning',
    message: 'v2, but sessions have no limit by memory and pids',
  });
});
