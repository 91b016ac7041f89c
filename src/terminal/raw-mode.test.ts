import { expect, test } from '@jest/globals';
import { enterRawMode, lendInput } from './raw-mode.ts';

/** An input that tells what is done with it. */
function createInput(readableFlowing: boolean | null) {
  const steps: string[] = [];
  const input = {
    // No descriptor has this number: nothing is changed about the terminal of the tests.
    ...{ isTTY: true, fd: 1_000_000, readableFlowing },
    setRawMode: (mode: boolean) => steps.push(mode ? 'raw' : 'cooked'),
    pause: () => steps.push('pause'),
    resume: () => steps.push('resume'),
  };
  return { input, steps };
}

test('a terminal that is lent is not in raw mode, and not read here, until it is given back', async () => {
  const { input, steps } = createInput(true);
  const restore = enterRawMode(input);
  await lendInput(input, () => Promise.resolve(steps.push('lent')));
  expect(steps).toEqual(['raw', 'pause', 'cooked', 'lent', 'raw', 'resume']);
  restore();
});

test('is given back also when the program that had it fails', async () => {
  const { input, steps } = createInput(true);
  const restore = enterRawMode(input);
  await expect(lendInput(input, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(steps).toEqual(['raw', 'pause', 'cooked', 'raw', 'resume']);
  restore();
});

test('is left as it is when nothing was done to it before, or when raw mode ends meanwhile', async () => {
  const { input, steps } = createInput(null);
  await lendInput(input, () => Promise.resolve(steps.push('lent')));
  expect(steps.splice(0)).toEqual(['lent']);
  const restore = enterRawMode(input);
  await lendInput(input, () => Promise.resolve(restore()));
  expect(steps).toEqual(['raw', 'cooked', 'cooked']);
});
