import { describe, expect, test } from '@jest/globals';
import { checkClock, checkVersion } from './api-server.ts';

describe('the version of the API server', () => {
  test.each([
    ['1', '37', 'ok'],
    ['1', '30+', 'ok'],
    ['1', '29', 'warning'],
    ['', '', 'unknown'],
  ])('%s.%s is %s', (major, minor, status) => {
    const result = checkVersion({ major, minor, gitVersion: 'v-any' }, '0.1.0');
    expect(result.status).toBe(status);
    expect(result.message).toBe(`Kubernetes ${major}.${minor} (v-any), kubectl-crashcart 0.1.0`);
  });
});

describe('the clock of this machine', () => {
  const now = Date.parse('2026-01-01T12:00:00.700Z');
  const server = (seconds: number) => new Date(Date.parse('2026-01-01T12:00:00Z') + seconds * 1000);

  test.each([
    ['as the API server’s', server(0), 0, 'ok'],
    ['some seconds behind', server(4), 0, 'ok'],
    ['a minute behind', server(60), 0, 'warning'],
    ['a minute ahead', server(-60), 0, 'warning'],
    ['ahead by less than half of the time that the answer took', server(0), 20_000, 'ok'],
  ])('%s', (_what, date, tookMs, status) => {
    expect(checkClock(date, now, now + tookMs).status).toBe(status);
  });

  test('is told by how much it is off, and in which direction', () => {
    expect(checkClock(server(60), now, now).message).toBe("this machine's is 60 s behind the API server's");
    expect(checkClock(server(-60), now, now).message).toBe(
      "this machine's is 60 s ahead of the API server's",
    );
  });

  test('is unknown when an answer has no Date header', () => {
    expect(checkClock(null, now, now).status).toBe('unknown');
  });
});
