import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { parseAsciicast } from './asciicast.ts';
import { describeMark } from './demo-picture.ts';

const readPage = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8');
const sizeLimit = 150_000;

test('docs/demo.svg is drawn from docs/demo.cast (else: npm run docs), and is small enough for the README', () => {
  const picture = readPage('docs/demo.svg');
  expect(picture.endsWith(`${describeMark(readPage('docs/demo.cast'))}\n`)).toBe(true);
  expect(picture.length).toBeLessThan(sizeLimit);
});

test('docs/demo.svg shows what was recorded', () => {
  const { events } = parseAsciicast(readPage('docs/demo.cast'));
  const output = events.map(([, kind, data]) => (kind === 'o' ? data : '')).join('');
  const words = stripVTControlCharacters(output).match(/\S+ \(LISTEN\)|hello|100\.00/g);
  expect(words).not.toBeNull();
  const shown = readPage('docs/demo.svg').replaceAll(/<[^>]*>/g, '');
  for (const word of words ?? []) expect(shown).toContain(word);
});

test('the README shows the demo, and says what is seen in it', () => {
  expect(readPage('README.md')).toMatch(/^!\[[^\]]{40,}\]\(docs\/demo\.svg\)$/m);
});
