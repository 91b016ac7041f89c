import { describe, expect, test } from '@jest/globals';
import { describeErrorAnswer, findForeignContent } from './error-answer.ts';

const access = { verb: 'list', resource: 'pods', namespace: 'targets' };
const host = 'api:6443';
const html = 'text/html; charset=utf-8';

function describeAnswer(statusCode: number, body: string, headers: Record<string, string> = {}) {
  return describeErrorAnswer({ response: { statusCode, headers }, body, host, access });
}

describe('an error answer', () => {
  test('that is a Status is told in the words of the API server', () => {
    const body = JSON.stringify({ kind: 'Status', reason: 'NotFound', message: 'pods "a" not found' });
    const json = { 'content-type': 'application/json' };
    expect(describeAnswer(404, body, json)).toMatchObject({
      ...{ name: 'ApiError', code: 'apiError', message: 'pods "a" not found', reason: 'NotFound' },
    });
  });

  test('in a line of text is told with its status', () => {
    const text = 'Too many requests, please try again later.';
    const headers = { 'content-type': 'text/plain', 'retry-after': '1' };
    expect(describeAnswer(429, text, headers)).toMatchObject({
      ...{ name: 'ApiError', message: `${text} (HTTP status 429)`, retryAfterMs: 1000 },
    });
  });

  test.each([
    [
      403,
      '<!DOCTYPE html><title>Access\n denied</title>',
      html,
      'an HTML page with the title "Access denied"',
    ],
    [404, '<html><body>nothing here', html, 'an HTML page'],
    [404, '<html><body>nothing here', 'text/plain', 'an HTML page'],
    [401, '{"error":"login required"}', 'application/json', 'JSON that is not of Kubernetes'],
    [502, 'oops', 'application/xml', 'an answer of the type application/xml'],
  ])('%d %j is not the API server’s: neither forbidden nor not found', (status, body, type, what) => {
    expect(describeAnswer(status, body, { 'content-type': type })).toMatchObject({
      code: 'foreignAnswer',
      message: `what answers at ${host} is not an API server: ${what}, with HTTP status ${status}`,
      status,
    });
  });

  test('that leads elsewhere says where', () => {
    const location = 'https://login.lab.invalid/';
    expect(describeAnswer(302, '', { location })).toMatchObject({
      message: `what answers at ${host} is not an API server: a redirection to ${location}, with HTTP status 302`,
    });
  });
});

describe('a successful answer', () => {
  const find = (body: string, type?: string) =>
    findForeignContent({ headers: type === undefined ? {} : { 'content-type': type } }, body);

  test('in JSON is the API server’s', () => {
    expect(find('{}', 'application/json')).toBeNull();
    expect(find('{}')).toBeNull();
  });

  test('of another kind is not', () => {
    expect(find('<html><title>Log in</title>', html)).toBe('an HTML page with the title "Log in"');
    expect(find('<html>', 'application/json')).toBe('an HTML page');
    expect(find('', 'application/json')).toBe('an empty answer');
    expect(find('hello', 'text/plain')).toBe('an answer of the type text/plain');
  });
});
