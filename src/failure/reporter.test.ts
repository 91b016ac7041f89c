import { describe, expect, test } from '@jest/globals';
import { ApiError } from '../cluster/api/api-error.ts';
import { Failure } from './failure.ts';
import { ProblemError } from '../session-api/problem.ts';
import { InterruptedError, OutputClosedError, UsageError } from '../cli/errors.ts';
import { Reporter } from './reporter.ts';

function report(error: unknown): { code: number; text: string } {
  let text = '';
  const code = new Reporter({ write: (part) => (text += part) }).failure(error);
  return { code, text };
}

describe('an error', () => {
  test.each([
    ['of the command line', new UsageError('no'), 2],
    ['in the target', new Failure('targetInvalid', 'no'), 2],
    ['of the cluster', new Failure('targetNotFound', 'no'), 125],
    ['of the agent', new ProblemError('targetChanged', 'no'), 125],
    ['nobody thought of', new TypeError('no'), 125],
    ['by SIGINT', new InterruptedError('SIGINT'), 130],
    ['by SIGTERM', new InterruptedError('SIGTERM'), 143],
    ['of who reads our output', new OutputClosedError(), 141],
  ])('%s has its exit code', (_name, error, code) => {
    expect(report(error).code).toBe(code);
  });

  test('says what failed, then what to do', () => {
    expect(report(new Failure('targetNotFound', 'no such pod', 'Look elsewhere.')).text).toBe(
      'error: no such pod\nLook elsewhere.\n',
    );
  });

  test.each(['ENOSPC', 'EMFILE', 'EIO', 'EROFS'])('of the machine is no defect of ours: %s', (code) => {
    const error = Object.assign(new Error(`${code}: no, write`), { code, errno: -1, syscall: 'write' });
    expect(report(error).code).toBe(125);
    expect(report(error).text).toMatch(/^error: [A-Z]+: no, write\nThis machine has refused [^\n]+\n$/);
  });

  test('that only looks like one of the machine is a defect', () => {
    expect(report(Object.assign(new Error('no'), { code: 'EIO' })).text).toMatch(/^error: unexpected: /);
    const missing = Object.assign(new Error('no'), { code: 'ENOENT', syscall: 'open' });
    expect(report(missing).text).toContain('This is a defect.');
  });

  test('can make the terminal do nothing', () => {
    expect(report(new Failure('agentFailed', 'a\u001b]0;b\u0007\rc')).text).toBe(
      'error: a\\x1b]0;b\\x07\\x0dc\n',
    );
  });

  test('has no lines that look like others of ours, whatever a pod says', () => {
    const failure = new Failure('agentFailed', 'it ended: a\nerror: b', 'It said: a\nRun `rm`.');
    expect(report(failure).text).toBe('error: it ended: a\n  error: b\nIt said: a\n  Run `rm`.\n');
  });

  test('of RBAC names verb, resource, namespace and what grants it', () => {
    const message =
      'jobs.batch is forbidden: User "eve" cannot create resource "jobs" in API group "batch" in the namespace "crashcart"';
    const body = JSON.stringify({ kind: 'Status', message, reason: 'Forbidden' });
    const access = { verb: 'create', resource: 'jobs.batch', namespace: 'crashcart' };
    const { text } = report(new ApiError(403, body, access));
    expect(text).toMatch(/^error: you may not create jobs\.batch in the namespace "crashcart"\n/);
    expect(text).toContain('manifests/rbac.yaml');
  });
});
