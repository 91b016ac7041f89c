import { expect, test } from '@jest/globals';
import { restoreNodeSettings } from './plugin-environment.ts';

test('a plugin gets the settings of Node.js that the launcher has put aside', () => {
  const environment = {
    HOME: '/root',
    CRASHCART_NODE_OPTIONS: '--require=./own.js',
    CRASHCART_NODE_ENV: 'test',
  };
  expect(restoreNodeSettings(environment)).toEqual({
    ...{ HOME: '/root', NODE_OPTIONS: '--require=./own.js', NODE_ENV: 'test' },
  });
});
