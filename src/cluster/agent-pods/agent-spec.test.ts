import { describe, expect, test } from '@jest/globals';
import { describeAgent } from './agent-spec.ts';
import { testAgentOptions as options } from '../testing/sample-agent-options.ts';

describe("the agent's Job", () => {
  test('asks for what the design says and for nothing else', () => {
    const { key, render } = describeAgent('node-1', options);
    const labels = {
      'app.kubernetes.io/name': 'crashcart',
      'crashcart.dev/key': key,
      'crashcart.dev/node': expect.stringMatching(/^[0-9a-f]{16}$/),
    };
    const annotations = { 'crashcart.dev/node': 'node-1', 'crashcart.dev/version': '0.1.0' };
    expect(render(2)).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `crashcart-${key}-2`, namespace: 'crashcart', labels, annotations },
      spec: {
        backoffLimit: 0,
        ttlSecondsAfterFinished: 30,
        activeDeadlineSeconds: 86_400,
        template: {
          metadata: { labels, annotations },
          spec: {
            nodeName: 'node-1',
            tolerations: [{ operator: 'Exists' }],
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 2,
            hostPID: true,
            hostNetwork: true,
            dnsPolicy: 'Default',
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            containers: [
              {
                name: 'agent',
                image: 'registry.example/agent:1',
                imagePullPolicy: 'IfNotPresent',
                terminationMessagePolicy: 'FallbackToLogsOnError',
                env: [
                  { name: 'CRASHCART_NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                  { name: 'CRASHCART_IDLE_SECONDS', value: '300' },
                  { name: 'CRASHCART_SESSION_MEMORY_BYTES', value: '536870912' },
                ],
                securityContext: {
                  privileged: true,
                  runAsUser: 0,
                  runAsGroup: 0,
                  readOnlyRootFilesystem: true,
                },
                resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '4Gi' } },
              },
            ],
          },
        },
      },
    });
  });

  test('mounts another toolbox where one is wanted', () => {
    const toolboxImage = 'registry.example/tools:1';
    const { template } = describeAgent('node-1', { ...options, toolboxImage }).render(0).spec;
    expect(template.spec).toMatchObject({
      volumes: [{ name: 'toolbox', image: { reference: toolboxImage, pullPolicy: 'IfNotPresent' } }],
      containers: [
        {
          env: expect.arrayContaining([{ name: 'CRASHCART_TOOLBOX_PATH', value: '/toolbox-image' }]),
          volumeMounts: [{ name: 'toolbox', mountPath: '/toolbox-image', readOnly: true }],
        },
      ],
    });
  });

  test('that is critical asks for nothing, for which the kubelet would end other pods', () => {
    const getSpec = (priorityClass: string) =>
      describeAgent('node-1', { ...options, priorityClass }).render(0).spec.template.spec;
    const none = { cpu: '0', memory: '0' };
    for (const priorityClassName of ['system-node-critical', 'system-cluster-critical'])
      expect(getSpec(priorityClassName)).toMatchObject({
        priorityClassName,
        containers: [{ resources: { requests: none } }],
      });
    expect(getSpec('high')).not.toMatchObject({ containers: [{ resources: { requests: none } }] });
  });

  test('fits into the names of the API on a node with the longest of names', () => {
    const { metadata } = describeAgent('n'.repeat(253), options).render(19);
    // The pod's name adds a hyphen and five characters, and the Job's stands in a label of the pod.
    expect(metadata.name.length).toBeLessThanOrEqual(63 - 6);
  });

  test('has the same key for the same agent only', () => {
    const variants = [
      describeAgent('node-1', options),
      describeAgent('node-2', options),
      describeAgent('node-1', options, { hasRequests: false }),
      describeAgent('node-1', { ...options, image: 'registry.example/agent:2' }),
      describeAgent('node-1', { ...options, toolboxImage: 'registry.example/tools:1' }),
      describeAgent('node-1', { ...options, idleSeconds: 60 }),
      describeAgent('node-1', { ...options, idleSeconds: 301 }),
      describeAgent('node-1', { ...options, imagePullSecrets: ['registry'] }),
      describeAgent('node-1', { ...options, priorityClass: 'high' }),
      describeAgent('node-1', { ...options, priorityClass: 'system-node-critical' }),
    ];
    expect(describeAgent('node-1', { ...options }).key).toBe(variants[0]?.key);
    expect(new Set(variants.map(({ key }) => key)).size).toBe(variants.length);
  });
});
