import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, runKubectl } from '../harness/command-run.ts';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import {
  type PlacedAnswer,
  type RequestFaultServer,
  type ServerBehaviour,
  startRequestFaultServer,
} from './request-fault-server.ts';

const agents = 'answer-in-its-place';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents, '-q'];
/** Of permissions, of objects and of commands, which such an answer says nothing about. */
const misleading = /you may not|ClusterRole|does not exist|was lost|whether the command|Node\.js|\[object/i;
let server: RequestFaultServer;

beforeAll(async () => {
  await createTestNamespace(agents, privilegedLabels);
  expect(await runCrashcart([...target, '--', 'true'])).toMatchObject({ code: 0 });
  server = await startRequestFaultServer();
}, 60_000);

afterEach(() => {
  server.behaviour = {};
});

afterAll(async () => {
  server.close();
  await deleteTestNamespace(agents);
}, 60_000);

const page = (status: number, title: string, headers = {}): PlacedAnswer => {
  const body = `<!DOCTYPE html><html><head><title>${title}</title></head><body>${'x'.repeat(3000)}</body></html>`;
  return { status, headers: { 'Content-Type': 'text/html', ...headers }, body };
};
const json = (status: number, body: unknown): PlacedAnswer => ({
  ...{ status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
});
const plain = (status: number, body: string): PlacedAnswer => ({
  ...{ status, headers: { 'Content-Type': 'text/plain' }, body },
});
const runOurs = (more: string[] = []) => runCrashcart([...target, ...server.flags, ...more, '--', 'true']);

describe('what answers a request in place of the API server is told as such, where kubectl fails:', () => {
  const foreign = String.raw`^error: what answers at 127\.0\.0\.1:\d+ is not an API server: `;
  test.each<[string, PlacedAnswer, string]>([
    [
      'a login page',
      page(200, 'Sign in'),
      `${foreign}an HTML page with the title "Sign in", with HTTP status 200`,
    ],
    ['nothing', plain(200, ''), `${foreign}an empty answer, with HTTP status 200`],
    ['another product’s JSON', json(200, { hello: 1 }), `${foreign}JSON that is not of Kubernetes`],
    ['another product’s list', json(200, []), `${foreign}JSON that is not of Kubernetes`],
    ['a text', json(200, 'hello'), `${foreign}JSON that is not of Kubernetes`],
    [
      'a redirection to a login',
      page(302, 'Found', { Location: 'https://login.lab/' }),
      `${foreign}a redirection to https://login\\.lab/`,
    ],
    [
      'a gateway’s 503',
      page(503, '503 Service'),
      `${foreign}an HTML page with the title "503 Service", with HTTP status 503`,
    ],
    ['a gateway’s 502', page(502, '502 Bad'), `${foreign}.* 502`],
    [
      'a portal’s 401',
      page(401, 'Who are you'),
      `${foreign}an HTML page with the title "Who are you", with HTTP status 401`,
    ],
    [
      'a firewall’s 403',
      page(403, 'Blocked'),
      `${foreign}an HTML page with the title "Blocked", with HTTP status 403`,
    ],
    [
      'a gateway’s 404',
      page(404, 'Not Found'),
      `${foreign}an HTML page with the title "Not Found", with HTTP status 404`,
    ],
    [
      'JSON of a gateway with 403',
      json(403, { error: 'denied' }),
      `${foreign}JSON that is not of Kubernetes, with HTTP status 403`,
    ],
    [
      'JSON of a gateway with 404',
      json(404, { message: 'no Route matched' }),
      `${foreign}JSON that is not of Kubernetes, with HTTP status 404`,
    ],
  ])('%s', async (_what, answer, words) => {
    server.behaviour = { answer: () => answer };
    const kubectl = await runKubectl(['get', 'pod', 'musl', '-n', 'targets', ...server.flags]);
    expect(kubectl.code).not.toBe(0);
    const { code, stderr } = await runOurs();
    expect(code).toBe(125);
    expect(stderr).toMatch(new RegExp(words));
    expect(stderr).not.toMatch(misleading);
    expect(stderr).not.toContain('<');
    expect(stderr.length).toBeLessThan(500);
  });
});

describe('a tunnel that can not be had is told as such:', () => {
  const toExec = (answer: PlacedAnswer | 'silence'): ServerBehaviour => ({
    answer: ({ path }) => (path.includes('/exec') ? answer : null),
  });
  const foreign = String.raw`is not an API server: `;
  test.each<[string, ServerBehaviour, RegExp]>([
    [
      'a firewall’s 403',
      toExec(page(403, 'Blocked')),
      new RegExp(`${foreign}.*"Blocked", with HTTP status 403`),
    ],
    ['a bare 500', toExec(plain(500, 'boom')), /the websocket to the agent .*boom.*500/],
    ['a bare 400', toExec(plain(400, 'Bad Request')), /the websocket to the agent .*Bad Request.*400/],
    [
      'a redirection',
      toExec(page(302, 'x', { Location: 'https://login.lab/' })),
      new RegExp(`${foreign}a redirection`),
    ],
    [
      'an API server’s own error',
      toExec(json(500, { kind: 'Status', message: 'error dialing backend', code: 500 })),
      /the websocket to the agent .*error dialing backend/,
    ],
    [
      'a proxy that drops the upgrade',
      { drop: { ofRequest: ['upgrade', 'connection'] } },
      /the websocket to the agent .*[Uu]pgrade.*\n.*proxy/,
    ],
    [
      'a proxy that drops the name of the subprotocol, and lets no websocket without one pass',
      {
        drop: { ofAnswer: ['sec-websocket-protocol'] },
        answer: ({ isUpgrade, headers }) =>
          isUpgrade && !headers['sec-websocket-protocol'] ? plain(400, 'no subprotocol') : null,
      },
      /the websocket to the agent .*Server sent no subprotocol\nA proxy .*Sec-WebSocket-Protocol/,
    ],
  ])('%s', async (_what, behaviour, words) => {
    server.behaviour = behaviour;
    const { code, stderr } = await runOurs();
    expect(stderr).toMatch(words);
    expect(code).toBe(125);
    expect(stderr).not.toMatch(misleading);
    expect(stderr.length).toBeLessThan(500);
  });

  test('silence, within --request-timeout', async () => {
    server.behaviour = toExec('silence');
    const startedAt = performance.now();
    const { code, stderr } = await runOurs(['--request-timeout', '2s']);
    expect(stderr).toMatch(/did not open the websocket to the agent within 2 s\n.*proxy/);
    expect(code).toBe(125);
    expect(stderr).not.toMatch(misleading);
    expect(performance.now() - startedAt).toBeLessThan(8000);
  });
});

describe('what is asked on the way only, and fails, is no reason to fail:', () => {
  test.each<[string, PlacedAnswer | 'silence']>([
    ['404', json(404, { kind: 'Status', reason: 'NotFound', code: 404 })],
    ['500', plain(500, 'boom')],
    ['silence', 'silence'],
    ['a page', page(200, 'Sign in')],
  ])('%s for who the user is', async (_what, answer) => {
    let asked = 0;
    server.behaviour = {
      answer: ({ path }) => {
        if (!path.includes('selfsubjectreviews')) return null;
        asked++;
        return answer;
      },
    };
    expect(await runOurs()).toMatchObject({ code: 0, stderr: '' });
    expect(asked).toBeGreaterThan(0);
  });
});

test('a command opens as few connections as it can: one for its requests, one for the tunnel', async () => {
  server.takeConnections();
  expect(await runOurs()).toMatchObject({ code: 0 });
  expect(server.takeConnections()).toBeLessThanOrEqual(4);
});
