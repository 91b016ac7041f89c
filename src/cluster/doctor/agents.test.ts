import { expect, test } from '@jest/globals';
import { judgeAgentVersions } from './agents.ts';

test.each([
  [[], 'ok', 'none runs: the first session makes one'],
  [['2.0.0', '2.0.0'], 'ok', '2 running, of this version'],
  [['2.0.0', '1.9.0'], 'warning', '2 running, some of version 1.9.0; this is 2.0.0'],
])('agents of the versions %j are %s', (versions, state, found) => {
  expect(judgeAgentVersions(versions, '2.0.0')).toMatchObject({ state, found });
});
