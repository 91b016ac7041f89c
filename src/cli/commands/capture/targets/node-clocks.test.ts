import { expect, test } from '@jest/globals';
import { NodeClocks } from './node-clocks.ts';

function measure(clocks: NodeClocks, node: string, offsetMs: number, uncertaintyMs = 2): void {
  clocks.measure(node, { measureClock: () => Promise.resolve({ offsetMs, uncertaintyMs }) });
}

test('clocks that differ are told with the nodes that are ahead and behind the most', async () => {
  const clocks = new NodeClocks();
  measure(clocks, 'node-1', -20);
  measure(clocks, 'node-2', 130);
  measure(clocks, 'node-3', 3);
  expect(await clocks.describeDifference()).toBe(
    'the clock of the node node-2 is 150 ms ahead of the one of node-1: ' +
      'the order of their packets is wrong by as much',
  );
  expect(clocks.get('node-2')).toEqual({ offsetMs: 130, uncertaintyMs: 2 });
});

test('clocks are not said to differ when a slow line may be the reason', async () => {
  const clocks = new NodeClocks();
  measure(clocks, 'node-1', 0, 60);
  measure(clocks, 'node-2', 100, 60);
  expect(await clocks.describeDifference()).toBeNull();
});

test('a clock is measured once, and is not known when that fails', async () => {
  const clocks = new NodeClocks();
  let asked = 0;
  const source = { measureClock: () => Promise.reject(new Error(`lost ${++asked}`)) };
  clocks.measure('node-1', source);
  clocks.measure('node-1', source);
  await clocks.wait('node-1');
  expect([asked, clocks.get('node-1'), await clocks.describeDifference()]).toEqual([1, null, null]);
});
