import { describe, expect, test } from '@jest/globals';
import { podSchema } from '../../api/objects/kubernetes-objects.ts';
import { isResident, refuseLongKeep } from './session-keep.ts';

const day = 24 * 60 * 60;

describe('a detached session', () => {
  test('is kept for as long as its agent can run', () => {
    expect(() => refuseLongKeep(day, () => false)).not.toThrow();
  });

  test('is not promised to outlive it', () => {
    expect(() => refuseLongKeep(2 * day, () => false)).toThrow(
      expect.objectContaining({
        code: 'keepRefused',
        message: "the session can't be kept for longer than 24 h: its agent ends 24 h after its start",
      }),
    );
  });

  test('is kept for longer by an agent that is installed', () => {
    expect(() => refuseLongKeep(7 * day, () => true)).not.toThrow();
  });
});

test('an agent is installed if it has the key of those', () => {
  const describePod = (labels: Record<string, string>) =>
    podSchema.parse({
      metadata: { name: 'agent', namespace: 'crashcart', uid: 'u', labels },
      spec: { containers: [] },
      status: {},
    });
  expect(isResident(describePod({ 'crashcart.dev/resident-key': '0123' }))).toBe(true);
  expect(isResident(describePod({ 'crashcart.dev/key': '0123' }))).toBe(false);
});
