import { expect, test } from '@jest/globals';
import { TimeMerge } from '../../../packets/time-merge.ts';
import { CaptureFlow, type CaptureLimits } from './capture-flow.ts';
import type { CaptureFormat } from './format/capture-format.ts';
import { selectNetworks } from './targets/captured-target.ts';

interface Item {
  time: bigint;
  bytes: number;
}

const { networks } = selectNetworks([
  { target: { kind: 'node', node: 'node-1' }, node: 'node-1', pod: null },
]);
const [target] = networks;

/** Ten bytes for each packet, and two lines around all of them. */
function createFormat(): CaptureFormat<Item> {
  return {
    input: 'lines',
    begin: () => Buffer.from('begin\n'),
    createReader: () => () => [],
    encode: ({ time }) => Buffer.from(`packet ${time}\n`.padStart(10)),
    end: () => Buffer.from('end\n'),
    endBytes: 4,
    getTarget: () => target as NonNullable<typeof target>,
  };
}

async function run(limits: Partial<CaptureLimits>, write?: (bytes: Buffer) => Promise<void>) {
  const merge = new TimeMerge<Item>({ windowMs: 1000, maxBytes: 1000 });
  const written: Buffer[] = [];
  const take = (bytes: Buffer) => Promise.resolve(void written.push(bytes));
  const nothing = () => Promise.resolve();
  const sink = {
    ...{ name: 'test', write: write ?? take, close: nothing, discard: nothing },
    closed: new AbortController().signal,
  };
  const flow = new CaptureFlow(merge, createFormat(), sink, { maxPackets: null, maxBytes: null, ...limits });
  const source = merge.addSource();
  merge.close();
  const items = Array.from({ length: 9 }, (_, index) => ({ time: BigInt(index), bytes: 1 }));
  const pushed = source.push(items).then(() => source.end());
  const running = flow.run();
  await pushed;
  return { flow, running, written };
}

test('a capture ends with the last packet that was asked for', async () => {
  const { flow, running, written } = await run({ maxPackets: 3 });
  await running;
  expect(Buffer.concat(written).toString()).toBe('begin\n packet 0\n packet 1\n packet 2\n');
  expect(flow.total).toBe(3);
  expect(target && flow.countPackets(target)).toBe(3);
});

test('a file with its end does not get larger than was asked for', async () => {
  const { flow, running } = await run({ maxBytes: 6 + 4 + 2 * 10 + 9 });
  await running;
  expect(flow.bytes).toBe(6 + 2 * 10);
});

test('what can not be written ends the capture', async () => {
  const { running } = await run({}, () => Promise.reject(new Error('no space left on device')));
  await expect(running).rejects.toThrow('no space left on device');
});
