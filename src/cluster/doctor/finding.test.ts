import { describe, expect, test } from '@jest/globals';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import { pass, runCheck, viewerFix } from './finding.ts';

const { signal } = new AbortController();
const fail = (error: Error) => runCheck('any', signal, () => Promise.reject(error));

describe('a check', () => {
  test('that gets an answer has it as its result', async () => {
    const finding = await runCheck('any', signal, () => Promise.resolve(pass('fine')));
    expect(finding).toEqual({ check: 'any', status: 'ok', message: 'fine', fix: null });
  });

  test('of what the user may not read is unknown, and says who grants it', async () => {
    const error = new ApiError(403, JSON.stringify({ kind: 'Status', reason: 'Forbidden' }), {
      verb: 'list',
      resource: 'limitranges',
      namespace: 'agents',
    });
    expect(await fail(error)).toEqual({
      check: 'any',
      status: 'unknown',
      message: 'you may not list limitranges in the namespace "agents"',
      fix: viewerFix,
    });
  });

  test('that fails otherwise is unknown, with the advice of the failure', async () => {
    const error = new Failure('timeout', 'no answer', 'Try again.');
    expect(await fail(error)).toMatchObject({ status: 'unknown', message: 'no answer', fix: 'Try again.' });
  });

  test('that the user ends is ended', async () => {
    const reason = new Error('ended');
    const run = () => Promise.reject(reason);
    await expect(runCheck('any', AbortSignal.abort(reason), run)).rejects.toBe(reason);
  });
});
