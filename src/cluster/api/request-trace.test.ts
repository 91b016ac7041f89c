import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { ApiClient } from './api-client.ts';
import { fixCredentials } from '../testing/fixed-credentials.ts';
import { RequestTrace } from './request-trace.ts';

const longAnswer = JSON.stringify({ text: 'x'.repeat(2000) });
const secrets = ['s3cret', 'c00kie', 'pr0xy', 'k3y', 'passw0rd'];
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.end(request.url?.includes('watch=true') ? '{"type":"ADDED","object":{}}\n' : longAnswer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Makes a request, and a watch. @returns what is told of them, times left out. */
async function trace(verbosity: number): Promise<string> {
  const told: string[] = [];
  const connection = {
    server: new URL(`http://jane:passw0rd@127.0.0.1:${port}/`),
    credentials: fixCredentials(new Agent(), {
      Authorization: 'Bearer s3cret',
      Cookie: 'c00kie',
      'Proxy-Authorization': 'Basic pr0xy',
      'X-Api-Key': 'k3y',
      'Impersonate-Group': ['one', 'two'],
    }),
    ...{ via: '', context: null },
    ...{ namespace: 'default', requestTimeoutMs: null },
    trace: new RequestTrace(verbosity, (text) => told.push(text)),
  };
  const client = new ApiClient(connection);
  const request = {
    path: 'api/v1/events',
    schema: z.unknown(),
    access: { verb: 'any', resource: 'any', namespace: null },
    signal: new AbortController().signal,
  };
  await client.request({ ...request, method: 'POST', body: { reason: 'why' } });
  const watch = { ...request, method: 'GET' as const, query: { watch: 'true' } };
  for await (const line of client.readLines(watch)) expect(line).toContain('ADDED');
  return told
    .join('\n')
    .replaceAll(/ in \d+ ms/g, '')
    .replaceAll(`:${port}`, '');
}

const posted = 'POST http://127.0.0.1/api/v1/events';
const watched = 'GET http://127.0.0.1/api/v1/events?watch=true';

describe('-v', () => {
  test('up to 5 tells of no request', async () => {
    expect(await trace(0)).toBe('');
    expect(await trace(5)).toBe('');
  });

  test('6 tells each answer in a line', async () => {
    expect(await trace(6)).toBe(`${posted} 200\n${watched} 200`);
  });

  test('7 tells what is sent along, but no credentials', async () => {
    const told = await trace(7);
    expect(told.startsWith(`${posted}\nRequest headers:\n`)).toBe(true);
    expect(told).toMatch(/^ {4}authorization: Bearer <masked>$/m);
    expect(told).toMatch(/^ {4}proxy-authorization: Basic <masked>$/m);
    expect(told).toMatch(/^ {4}cookie: <masked>$/m);
    expect(told).toMatch(/^ {4}x-api-key: <masked>$/m);
    expect(told).toMatch(/^ {4}impersonate-group: one, two$/m);
    expect(told).not.toContain('body');
  });

  test('8 tells what is asked and answered, but not all of what is long', async () => {
    const told = await trace(8);
    expect(told).toMatch(/^Request body: {"reason":"why"}$/m);
    expect(told).toMatch(/^Response body: {"text":"x{1015} \[987 characters more; -v 9 shows them\]$/m);
    expect(told).toMatch(/^Response body: {"type":"ADDED","object":{}}$/m);
  });

  test('9 tells all of it', async () => {
    expect(await trace(9)).toContain(`Response body: ${longAnswer}\n`);
  });

  test.each([6, 7, 8, 9])('%d tells no secret', async (verbosity) => {
    const told = await trace(verbosity);
    for (const secret of secrets) expect(told).not.toContain(secret);
  });
});
