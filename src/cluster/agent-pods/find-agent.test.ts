import { describe, expect, test } from '@jest/globals';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { testAgentOptions as options } from '../testing/sample-agent-options.ts';
import { agentLabels, describeAgent } from './agent-spec.ts';
import { findWarmAgent } from './find-agent.ts';
import { computeResidentKey, residentLabels } from './resident/resident-spec.ts';

const node = 'node-1';

function makePod(uid: string, labels: Record<string, string>, ready = true, nodeName = node) {
  return podSchema.parse({
    metadata: { name: uid, uid, labels },
    spec: { nodeName },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}
const ofJob = { [agentLabels.key]: describeAgent(node, options).key };
const installed = { [residentLabels.key]: computeResidentKey(options) };

function find(agents: ReturnType<typeof makePod>[], excluded: string[] = []): string | null {
  return findWarmAgent(agents, { node, options, excluded: new Set(excluded) })?.metadata.uid ?? null;
}

describe('an agent that can be used as it is', () => {
  test('is the one that is installed on the node, before one that a session has made', () => {
    const agents = [makePod('made', ofJob), makePod('installed', installed)];
    expect(find(agents)).toBe('installed');
    expect(find(agents, ['installed'])).toBe('made');
  });

  test('is never an agent of another node, although all installed agents have one key', () => {
    expect(find([makePod('installed', installed, true, 'node-2')])).toBeNull();
  });

  test('is none that is not ready, and none of another image', () => {
    const key = computeResidentKey({ ...options, image: 'registry.example/agent:2' });
    expect(find([makePod('starting', installed, false)])).toBeNull();
    expect(find([makePod('other', { [residentLabels.key]: key })])).toBeNull();
  });

  test('is none without any of the labels', () => {
    expect(find([makePod('bare', {})])).toBeNull();
  });
});
