import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { agentPatchTextSchema, namedValueSchema, resourceSchema } from './agent-pod-settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'crashcart-patch-'));
const file = join(directory, 'patch.yaml');
const patch = { metadata: { labels: { team: 'sre' } } };
writeFileSync(file, 'metadata:\n  labels:\n    team: sre\n');
afterAll(() => rmSync(directory, { recursive: true }));

describe('--agent-patch', () => {
  test.each([
    ['JSON', JSON.stringify(patch)],
    ['YAML of one line', 'metadata: { labels: { team: sre } }'],
    ['YAML of lines', 'metadata:\n  labels:\n    team: sre\n'],
    ['a file', file],
  ])('takes %s', (_what, text) => {
    expect(agentPatchTextSchema.parse(text)).toEqual(patch);
  });

  test.each([
    ['/no/such/file', 'ENOENT'],
    ['{"spec": ', 'unexpected end'],
    ['{"spec": {"hostPID": false}}', 'the agent needs spec.hostPID as it is'],
    ['{"metadata": {"name": "x"}}', 'metadata: Unrecognized key: "name"'],
    ['{"spec": {}, "kind": "Pod"}', 'the patch: Unrecognized key: "kind"'],
    ['{"metadata": {"labels": {"a": 1}}}', 'metadata.labels.a: '],
  ])('refuses %s, and says why', (text, words) => {
    const { error } = agentPatchTextSchema.safeParse(text);
    expect(error?.issues[0]?.message).toContain(words);
  });
});

test.each([
  ['limits.memory=1Gi', { kind: 'limits', name: 'memory', quantity: '1Gi' }],
  ['requests.cpu=100m', { kind: 'requests', name: 'cpu', quantity: '100m' }],
  ['limits.example.com/gpu=1', { kind: 'limits', name: 'example.com/gpu', quantity: '1' }],
  ['memory=1Gi', null],
  ['limits.memory', null],
  ['limits.memory=much', null],
])('--agent-resource %s', (text, expected) => {
  expect(resourceSchema.safeParse(text).data ?? null).toEqual(expected);
});

test.each([
  ['a=b', ['a', 'b']],
  ['kueue.x-k8s.io/queue-name=user=1', ['kueue.x-k8s.io/queue-name', 'user=1']],
  ['empty=', ['empty', '']],
  ['none', null],
])('--agent-label %s', (text, expected) => {
  expect(namedValueSchema.safeParse(text).data ?? null).toEqual(expected);
});
