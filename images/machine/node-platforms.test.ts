import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { namePlatform, platforms } from './node-platforms.ts';

test('releases are for three systems on two architectures', () => {
  expect(platforms.map(namePlatform)).toEqual([
    'linux_amd64',
    'linux_arm64',
    'darwin_amd64',
    'darwin_arm64',
    'windows_amd64',
    'windows_arm64',
  ]);
});

test('they bring the Node that the tests run on, but where there is no package of it', () => {
  const file = join(import.meta.dirname, '../../node_modules/node/package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const others = platforms.filter(({ node }) => node.version !== version).map(namePlatform);
  expect(others).toEqual(['windows_arm64']);
});

test('what makes an executable is of the version that the executable is', () => {
  for (const { node, builder } of platforms) expect(builder.version).toBe(node.version);
});
