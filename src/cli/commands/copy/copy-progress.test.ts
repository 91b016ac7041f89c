import { expect, test } from '@jest/globals';
import { ProgressLine } from '../../../terminal/progress.ts';
import { CopyProgress, formatMegabytes } from './copy-progress.ts';

function create() {
  let nowMs = 0;
  const line = new ProgressLine({ write: () => true });
  const progress = new CopyProgress(line, () => nowMs);
  progress.close();
  return { progress, wait: (ms: number) => (nowMs += ms) };
}

test('the line has how much is there, how fast it comes, and how long it takes', () => {
  const { progress, wait } = create();
  progress.expect({ files: 1, bytes: 100_000_000 });
  progress.addBytes(25_000_000);
  wait(1000);
  expect(progress.describe()).toBe('[#####---------------] 25.0 of 100 MB, 25.0 MB/s, 3 s left');
});

test('the rate is that of the last seconds: a copy that has stalled is seen', () => {
  const { progress, wait } = create();
  progress.addBytes(50_000_000);
  for (let second = 0; second < 10; second++) {
    wait(1000);
    progress.describe();
  }
  progress.addFile();
  expect(progress.describe()).toBe('1 files, 50.0 MB, 0.00 MB/s');
});

test('numbers have the digits that matter', () => {
  expect([1_234_567, 12_345_678, 123_456_789].map(formatMegabytes)).toEqual(['1.23', '12.3', '123']);
});
