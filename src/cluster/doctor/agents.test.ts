import { expect, test } from '@jest/globals';
import { checkAgentVersions } from './agents.ts';

test.each([
  [[], 'ok', 'none runs: the first session starts one'],
  [['2.0.0', '2.0.0'], 'ok', "2 running, of the plugin's version"],
  [['2.0.0', '1.9.0'], 'warning', '2 running, some of version 1.9.0; the plugin has 2.0.0'],
])('agents of the versions %j are %s', (versions, status, message) => {
  expect(checkAgentVersions(versions, '2.0.0')).toMatchObject({ status, message });
});
