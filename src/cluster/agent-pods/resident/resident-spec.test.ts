import { describe, expect, test } from '@jest/globals';
import { type AgentOptions, describeAgent } from '../agent-spec.ts';
import { computeResidentKey, describeResidentAgents } from './resident-spec.ts';
import { testAgentOptions } from '../../testing/sample-agent-options.ts';

const options = { ...testAgentOptions, imagePullSecrets: ['registry'] };
const everywhere = { nodeSelector: {}, tolerations: null, priorityClass: null };

function describePod(...[placement = everywhere]: Parameters<typeof describeResidentAgents>[1][]) {
  return describeResidentAgents(options, placement).spec.template;
}

describe("an installed agent's pod", () => {
  test('is that of a Job, but for no node of its own, no end, and being started again', () => {
    const job = describeAgent('node-1', { ...options, idleSeconds: 0 }).render(0);
    const { nodeName, ...spec } = job.spec.template.spec;
    expect(nodeName).toBe('node-1');
    expect(describePod().spec).toEqual({ ...spec, restartPolicy: 'Always' });
    expect(JSON.stringify(spec)).toContain('{"name":"CRASHCART_IDLE_SECONDS","value":"0"}');
  });

  test('goes where it is asked to go, as urgently as that', () => {
    const toleration = { key: 'gpu', operator: 'Exists' } as const;
    const nodeSelector = { disk: 'ssd' };
    const { spec } = describePod({ nodeSelector, tolerations: [toleration], priorityClass: 'high' });
    expect(spec).toMatchObject({ nodeSelector, tolerations: [toleration], priorityClassName: 'high' });
    expect(describePod().spec).toMatchObject({ tolerations: [{ operator: 'Exists' }] });
  });

  test('is found by its DaemonSet, by lists of agents and by clients', () => {
    const { metadata, spec } = describeResidentAgents(options, everywhere);
    expect(metadata).toMatchObject({ name: 'crashcart-resident', namespace: 'crashcart' });
    expect(spec['selector']).toEqual({
      matchLabels: { 'app.kubernetes.io/name': 'crashcart', 'app.kubernetes.io/component': 'resident' },
    });
    expect(spec.template['metadata']).toEqual({
      labels: {
        'app.kubernetes.io/name': 'crashcart',
        'app.kubernetes.io/component': 'resident',
        'crashcart.dev/resident-key': computeResidentKey(options),
      },
      annotations: { 'crashcart.dev/version': '0.1.0' },
    });
  });
});

describe('the key', () => {
  test('is the same for clients to whom the agent’s sessions are the same', () => {
    for (const change of [{ idleSeconds: 10 }, { imagePullSecrets: [] }, { namespace: 'other' }])
      expect(computeResidentKey({ ...options, ...change })).toBe(computeResidentKey(options));
  });

  test('is another one for another image, another way to get it, and other limits of sessions', () => {
    const changes: Partial<AgentOptions>[] = [
      { image: 'registry.example/agent:2' },
      { imagePullPolicy: 'Always' },
      { sessionMemoryBytes: 1 },
    ];
    const keys = [{}, ...changes].map((change) => computeResidentKey({ ...options, ...change }));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
