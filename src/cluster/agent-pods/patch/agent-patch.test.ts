import { describe, expect, test } from '@jest/globals';
import { testAgentOptions } from '../../testing/sample-agent-options.ts';
import { describeAgent } from '../agent-spec.ts';
import { computeResidentKey, describeResidentAgents } from '../resident/resident-spec.ts';
import type { AgentPatch } from './agent-patch.ts';

const describePatched = (...patches: AgentPatch[]) =>
  describeAgent('node-1', { ...testAgentOptions, toolboxImage: 'tools:1', patches });
const ofContainer = (fields: object): AgentPatch => ({
  spec: { containers: [{ name: 'agent', ...fields }] },
});
const labelled = { metadata: { labels: { 'cost-center': '7' }, annotations: { owner: 'sre' } } };

describe("a patch of the agent's pod", () => {
  test('gives labels and annotations to the Job and to its pod', () => {
    const { metadata, spec } = describePatched(labelled).render(0);
    for (const each of [metadata, spec.template.metadata])
      expect(each).toMatchObject({
        labels: { 'cost-center': '7', 'app.kubernetes.io/name': 'crashcart' },
        annotations: { owner: 'sre', 'crashcart.dev/node': 'node-1' },
      });
  });

  test('changes what does not make it an agent', () => {
    const patch = {
      spec: {
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            name: 'agent',
            resources: { limits: { memory: '1Gi' } },
            securityContext: { seccompProfile: null },
          },
          { name: 'mesh', image: 'mesh:1' },
        ],
      },
    };
    expect(describePatched(patch).render(0).spec.template.spec).toMatchObject({
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      terminationGracePeriodSeconds: 10,
      containers: [
        { name: 'agent', resources: { requests: { memory: '64Mi' }, limits: { memory: '1Gi' } } },
        { name: 'mesh' },
      ],
    });
  });

  test('makes agents of a key of their own, the same for the same patch', () => {
    const keys = [
      describePatched(),
      describePatched(labelled),
      describePatched({ metadata: { labels: { 'cost-center': '8' } } }),
      describePatched({ metadata: { annotations: { 'cost-center': '7' } } }),
      describePatched(ofContainer({ resources: { limits: { memory: '1Gi' } } })),
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(describePatched(structuredClone(labelled)).key).toBe(keys[1]);
  });

  test('changes installed agents and their key in the same way', () => {
    const options = { ...testAgentOptions, patches: [labelled] };
    expect(computeResidentKey(options)).not.toBe(computeResidentKey(testAgentOptions));
    const { spec } = describeResidentAgents(options, {
      nodeSelector: {},
      tolerations: null,
      priorityClass: null,
    });
    expect(spec.template).toMatchObject({
      metadata: {
        labels: { 'cost-center': '7', 'crashcart.dev/resident-key': computeResidentKey(options) },
        annotations: { owner: 'sre' },
      },
    });
  });

  test.each<[AgentPatch, string]>([
    [{ spec: { hostPID: null } }, 'spec.hostPID'],
    [{ spec: { hostNetwork: false } }, 'spec.hostNetwork'],
    [{ spec: { hostUsers: false } }, 'spec.hostUsers'],
    [{ spec: { nodeName: 'other' } }, 'spec.nodeName'],
    [{ spec: { restartPolicy: 'OnFailure' } }, 'spec.restartPolicy'],
    [{ spec: { automountServiceAccountToken: true } }, 'spec.automountServiceAccountToken'],
    [{ spec: { runtimeClassName: 'gvisor' } }, 'spec.runtimeClassName'],
    [{ spec: { securityContext: { runAsNonRoot: true } } }, 'spec.securityContext.runAsNonRoot'],
    [{ spec: { $patch: 'replace' } }, 'spec.nodeName'],
    [{ spec: { containers: [{ name: 'agent', $patch: 'delete' }] } }, 'spec.containers[agent]'],
    [{ spec: { volumes: [{ name: 'toolbox', $patch: 'delete' }] } }, 'spec.volumes[toolbox]'],
    [ofContainer({ image: 'x' }), 'spec.containers[agent].image'],
    [ofContainer({ command: ['sh'] }), 'spec.containers[agent].command'],
    [ofContainer({ args: ['x'] }), 'spec.containers[agent].args'],
    [
      ofContainer({ securityContext: { privileged: false } }),
      'spec.containers[agent].securityContext.privileged',
    ],
    [ofContainer({ securityContext: null }), 'spec.containers[agent].securityContext.privileged'],
    [ofContainer({ securityContext: { capabilities: { drop: ['ALL'] } } }), 'securityContext.capabilities'],
    [ofContainer({ env: [{ name: 'CRASHCART_IDLE_SECONDS', value: '1' }] }), 'env[CRASHCART_IDLE_SECONDS]'],
    [
      ofContainer({ volumeMounts: [{ mountPath: '/toolbox-image', $patch: 'delete' }] }),
      'volumeMounts[/toolbox-image]',
    ],
    [{ metadata: { labels: { 'crashcart.dev/key': 'x' } } }, 'metadata.labels["crashcart.dev/key"]'],
    [
      { metadata: { annotations: { 'crashcart.dev/node': 'x' } } },
      'metadata.annotations["crashcart.dev/node"]',
    ],
  ])('may not take away what the agent needs: %j', (patch, field) => {
    expect(() => describePatched(patch)).toThrow(`${field} as it is`);
  });

  test('does not give the priority, which has an option', () => {
    expect(() => describePatched({ spec: { priorityClassName: 'high' } })).toThrow(
      'spec.priorityClassName is given by --priority',
    );
  });
});
