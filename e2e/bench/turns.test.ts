import { expect, test } from '@jest/globals';
import { measureInTurns } from './turns.ts';

test('measures in turns, the other way round each time, after a round that does not count', async () => {
  const order: string[] = [];
  const measure = (name: string) => () => Promise.resolve(order.push(name));
  const values = await measureInTurns(2, { ours: measure('ours'), kubectl: measure('kubectl') });
  expect(order).toEqual(['ours', 'kubectl', 'kubectl', 'ours', 'ours', 'kubectl']);
  expect(values).toEqual({ ours: [4, 5], kubectl: [3, 6] });
});
