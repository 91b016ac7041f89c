import { describe, expect, test } from '@jest/globals';
import { parseExecStatus } from './exec-status.ts';

function failWith(...causes: object[]): string {
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: 'command terminated with non-zero exit code',
    reason: 'NonZeroExitCode',
    details: { causes },
  });
}

describe('the status of an exec', () => {
  test.each(['{"metadata":{},"status":"Success"}', '{"status":"Success"}'])('%s is a success', (text) => {
    expect(parseExecStatus(text).exitCode).toBe(0);
  });

  test.each([1, 3, 255])('tells the exit code %d', (code) => {
    expect(parseExecStatus(failWith({ reason: 'ExitCode', message: String(code) })).exitCode).toBe(code);
  });

  test('tells why the command could not be run', () => {
    const text = '{"status":"Failure","message":"container not found","reason":"InternalError","code":500}';
    expect(parseExecStatus(text)).toEqual({ exitCode: null, message: 'container not found' });
  });

  test.each([
    ['no details', '{"status":"Failure","reason":"NonZeroExitCode"}'],
    ['no cause', failWith()],
    ['another cause', failWith({ reason: 'Other', message: '1' })],
    ['256', failWith({ reason: 'ExitCode', message: '256' })],
    ['abc', failWith({ reason: 'ExitCode', message: 'abc' })],
    ['0', failWith({ reason: 'ExitCode', message: '0' })],
    ['an empty exit code', failWith({ reason: 'ExitCode', message: '' })],
    ['no status', '{}'],
    ['nothing', ''],
    ['half of it', '{"status":"Succ'],
  ])('is never guessed: with %s it is an error', (_name, text) => {
    expect(() => parseExecStatus(text)).toThrow(expect.objectContaining({ code: 'tunnelFailed' }));
  });
});
