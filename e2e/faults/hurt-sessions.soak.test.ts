import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import { hurtSessions } from './hurt-sessions.ts';

const agents = 'hurt-sessions-for-long';

beforeAll(() => createTestNamespace(agents, privilegedLabels), 60_000);
afterAll(() => deleteTestNamespace(agents), 60_000);

test('what is done to sessions for 5 min is told to each of them, and disturbs nobody else', async () => {
  expect(await hurtSessions(agents, 5 * 60_000)).toBeGreaterThan(50);
}, 600_000);
