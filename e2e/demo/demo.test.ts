import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { drawRecording } from './demo-svg.ts';

const readPage = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8');
const sizeLimit = 100_000;

test('docs/demo.svg is the picture of docs/demo.cast (else: npm run docs), and small enough to be looked at', async () => {
  const picture = readPage('docs/demo.svg');
  expect(picture).toBe(await drawRecording(readPage('docs/demo.cast')));
  expect(picture.length).toBeLessThan(sizeLimit);
});

test('the README shows the demo, and says what is seen in it', () => {
  expect(readPage('README.md')).toMatch(/^!\[[^\]]{40,}\]\(docs\/demo\.svg\)$/m);
});
