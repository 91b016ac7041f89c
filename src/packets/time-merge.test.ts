import { expect, test } from '@jest/globals';
import { TimeMerge, type TimedItem } from './time-merge.ts';

interface Item extends TimedItem {
  source: number;
}

/** The same numbers in each run: a failure can be repeated. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function makeItems(source: number, count: number, random: (below: number) => number): Item[] {
  let time = 0n;
  return Array.from({ length: count }, () => {
    time += BigInt(random(1000));
    return { time, source, bytes: 1 + random(100) };
  });
}

async function collect(merge: TimeMerge<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of merge) all.push(...items);
  return all;
}

const isOrdered = (items: Item[]) =>
  items.every(({ time }, index) => index === 0 || time >= (items[index - 1]?.time ?? 0n));

test('whatever the streams bring comes out once each, in the order of time', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = createRandom(seed);
    const streams = Array.from({ length: 1 + random(8) }, (_, source) =>
      makeItems(source, random(300), random),
    );
    const merge = new TimeMerge<Item>({ windowMs: 60_000, maxBytes: 1e9 });
    const sources = streams.map((items) => ({ items, source: merge.addSource() }));
    merge.close();
    const collected = collect(merge);
    const feeds = sources.map(async ({ items, source }) => {
      for (let from = 0; from < items.length;) {
        const to = from + 1 + random(20);
        await source.push(items.slice(from, to));
        from = to;
        if (random(3) === 0) await new Promise(setImmediate);
      }
      source.end();
    });
    await Promise.all(feeds);
    const merged = await collected;
    expect(merged).toHaveLength(streams.flat().length);
    expect(new Set(merged).size).toBe(merged.length);
    expect({ seed, isOrdered: isOrdered(merged), late: merge.lateItems }).toEqual({
      seed,
      isOrdered: true,
      late: 0,
    });
    expect(merge.bytes).toBe(0);
  }
});

test('a silent stream holds the others no longer than the window', async () => {
  const merge = new TimeMerge<Item>({ windowMs: 20, maxBytes: 1e9 });
  const [busy, silent] = [merge.addSource(), merge.addSource()];
  merge.close();
  void busy.push([{ time: 5n, source: 0, bytes: 1 }]);
  const iterator = merge[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toEqual([{ time: 5n, source: 0, bytes: 1 }]);
  // What the silent one has kept back is not lost.
  void silent.push([{ time: 3n, source: 1, bytes: 1 }]);
  silent.end();
  expect((await iterator.next()).value).toEqual([{ time: 3n, source: 1, bytes: 1 }]);
  expect(merge.lateItems).toBe(1);
  busy.end();
  expect((await iterator.next()).done).toBe(true);
});

test('packets of one piece are put in order, as several processors stamp them', async () => {
  const merge = new TimeMerge<Item>({ windowMs: 1000, maxBytes: 1e9 });
  const source = merge.addSource();
  merge.close();
  void source.push([3n, 1n, 2n].map((time) => ({ time, source: 0, bytes: 1 })));
  source.end();
  expect((await collect(merge)).map(({ time }) => time)).toEqual([1n, 2n, 3n]);
  expect(merge.lateItems).toBe(0);
});

test('a slow reader makes the streams wait, and what waits is bounded', async () => {
  const maxBytes = 10_000;
  const merge = new TimeMerge<Item>({ windowMs: 60_000, maxBytes });
  const sources = [0, 1, 2].map((source) => ({ source, to: merge.addSource() }));
  merge.close();
  let most = 0;
  const feeds = sources.map(async ({ source, to }) => {
    // The last one is silent: the memory, and not the window, lets the others go on.
    const count = source === 2 ? 0 : 2000;
    for (let index = 0; index < count; index++) {
      await to.push([{ time: BigInt(index), source, bytes: 100 }]);
      most = Math.max(most, merge.bytes);
    }
    if (source !== 2) to.end();
  });
  let taken = 0;
  for await (const items of merge) {
    taken += items.length;
    await new Promise(setImmediate);
    if (taken >= 3900) break;
  }
  expect(most).toBeLessThanOrEqual(maxBytes + 3 * 100);
  merge.abandon();
  await Promise.all(feeds);
});

test('after it is abandoned, streams are taken to their end and nothing is kept', async () => {
  const merge = new TimeMerge<Item>({ windowMs: 60_000, maxBytes: 10 });
  const source = merge.addSource();
  const waiting = source.push([{ time: 1n, source: 0, bytes: 100 }]);
  merge.abandon();
  await waiting;
  await source.push([{ time: 2n, source: 0, bytes: 100 }]);
  expect(merge.bytes).toBe(0);
  expect(await collect(merge)).toEqual([]);
});
