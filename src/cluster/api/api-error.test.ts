import { describe, expect, test } from '@jest/globals';
import { ApiError } from './api-error.ts';

const access = { verb: 'get', resource: 'pods/exec', namespace: 'crashcart' };

function refuse(message: string): ApiError {
  return new ApiError(403, JSON.stringify({ kind: 'Status', message, reason: 'Forbidden' }), access);
}

describe('an answer 403', () => {
  test('names the verb that was refused, which need not be the one of the request', () => {
    const text =
      'pods "a" is forbidden: User "eve" cannot create resource "pods/exec" in API group "" in the namespace "crashcart"';
    const error = refuse(text);
    expect(error).toMatchObject({
      code: 'forbidden',
      message: 'you may not create pods/exec in the namespace "crashcart"',
    });
    expect(error.hint).toContain(text);
    expect(error.hint).toContain('manifests/rbac.yaml');
  });

  test('for an impersonation says so, and that no role of ours would help', () => {
    const text =
      'users "eve" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope';
    expect(refuse(text)).toMatchObject({ message: 'you may not impersonate users', hint: text });
  });

  test('of admission is told in its own words', () => {
    const text = 'jobs.batch "a" is forbidden: exceeded quota: none';
    expect(refuse(text)).toMatchObject({ code: 'apiError', message: text, hint: null });
  });

  test.each(['', 'pods "a" is forbidden: '])('%j, without a reason is about what was asked for', (text) => {
    expect(refuse(text).message).toBe('you may not get pods/exec in the namespace "crashcart"');
  });
});
