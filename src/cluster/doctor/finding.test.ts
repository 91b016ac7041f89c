import { describe, expect, test } from '@jest/globals';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import { approve, runCheck, viewerMend } from './finding.ts';

const { signal } = new AbortController();
const fail = (error: Error) => runCheck('any', signal, () => Promise.reject(error));

describe('a check', () => {
  test('that finds an answer has it', async () => {
    const finding = await runCheck('any', signal, () => Promise.resolve(approve('fine')));
    expect(finding).toEqual({ check: 'any', state: 'ok', found: 'fine', mend: null });
  });

  test('of what the user may not read is unknown, and says who grants it', async () => {
    const error = new ApiError(403, '', { verb: 'list', resource: 'limitranges', namespace: 'agents' });
    expect(await fail(error)).toEqual({
      check: 'any',
      state: 'unknown',
      found: 'you may not list limitranges in the namespace "agents"',
      mend: viewerMend,
    });
  });

  test('that fails otherwise is unknown, with the advice of the failure', async () => {
    const error = new Failure('timeout', 'no answer', 'Try again.');
    expect(await fail(error)).toMatchObject({ state: 'unknown', found: 'no answer', mend: 'Try again.' });
  });

  test('that the user ends is ended', async () => {
    const reason = new Error('ended');
    const run = () => Promise.reject(reason);
    await expect(runCheck('any', AbortSignal.abort(reason), run)).rejects.toBe(reason);
  });
});
