import { afterEach, describe, expect, test } from '@jest/globals';
import { playApiServer } from '../../testing/fake-api-server.ts';
import { AgentJobs } from '../agent-jobs.ts';
import { watchSuspension } from './suspension.ts';

let close = () => {};
afterEach(() => close());

/** @param answers whether the Job is suspended, one after the other; null: it can't be read. */
async function watch(isSuspended: boolean, answers: (boolean | null)[]) {
  const ending = new AbortController();
  let looks = 0;
  const played = await playApiServer(() => {
    const suspend = answers[looks++];
    if (suspend === undefined) ending.abort(new Error('the test ends'));
    return suspend === undefined || suspend === null ? 503 : { metadata: { name: 'job' }, spec: { suspend } };
  });
  ({ close } = played);
  let told = 0;
  const jobs = new AgentJobs(played.api, 'crashcart');
  const job = { name: 'job', isSuspended };
  const times = { limitMs: 60, pollMs: 10, lookMs: 10 };
  const watching = watchSuspension(jobs, job, 'crashcart', () => told++, ending.signal, times);
  const error = await watching.catch((thrown: unknown) => thrown as Error);
  return { message: error.message, told };
}

describe('a Job that is suspended', () => {
  const always = Array<boolean>(1000).fill(true);

  test.each([
    ['from its creation', true, always],
    ['later', false, [false, false, ...always]],
  ])('%s is given up soon, and is told at once', async (_when, isSuspended, answers) => {
    const { message, told } = await watch(isSuspended, answers);
    expect(message).toContain('the Job is suspended, by a queue such as Kueue or by a policy');
    expect(told).toBe(1);
  });

  test('and is let go is waited for as any other', async () => {
    const { message } = await watch(true, [true, false, ...Array<boolean>(10).fill(false)]);
    expect(message).toBe('the test ends');
  });
});
