import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { buildPath, type Route, sessionRoutes } from '../../session-api/session-routes.ts';
import { createSpec, FakeAgent } from '../../testing/fake-agent.ts';

let agent: FakeAgent;
let connection: ClientHttp2Session;
let id: string;
/** Who has started the session. */
const victim = randomUUID();

beforeEach(async () => {
  agent = new FakeAgent();
  id = randomUUID();
  await agent.addSession(id, { client: victim, stdin: true });
  const [ours, theirs] = duplexPair();
  ours.on('error', () => undefined);
  agent.accept(theirs);
  connection = connect('http://agent', { createConnection: () => ours });
  connection.on('error', () => undefined);
});
afterEach(async () => {
  connection.destroy();
  await agent.close();
});

async function ask(route: Route, session: string, client: string | null, body: unknown = null) {
  const headers = { ':method': route.method, ':path': buildPath(route, session, { client }) };
  const request = connection.request(headers, { endStream: body === null });
  request.on('error', () => undefined);
  if (body !== null) request.end(JSON.stringify(body));
  const [answered, content] = await Promise.all([once(request, 'response'), text(request)]);
  return { status: Number((answered[0] as IncomingHttpHeaders)[':status']), content };
}

/** The victim reads its output meanwhile, so that it is told as the holder. */
async function readOutputAsVictim(): Promise<void> {
  const path = buildPath(sessionRoutes.readStdout, id, { client: victim, from: 0 });
  const request = connection.request({ ':path': path }).on('error', () => undefined);
  await once(request, 'response');
}

const audit = { claimedUser: 'mallory', tunnelID: randomUUID(), reason: null };

describe('a client that is not the holder', () => {
  test.each([
    ['listSessions', null],
    ['getSession', null],
    ['startSession', createSpec()],
  ] as const)('is not told the ID of the client that is: %s', async (name, body) => {
    await readOutputAsVictim();
    const { status, content } = await ask(sessionRoutes[name], id, null, body);
    expect(status).toBeLessThan(300);
    expect(content).toMatch(/"holder":"[0-9a-f-]{36}"/);
    expect(content).not.toContain(victim);
  });

  describe.each([
    ['with an ID of its own', () => Promise.resolve(randomUUID())],
    [
      'with the ID that stands for the holder',
      async () => {
        await readOutputAsVictim();
        const { content } = await ask(sessionRoutes.getSession, id, null);
        return (JSON.parse(content) as { holder: string }).holder;
      },
    ],
  ] as const)('%s', (_name, chooseID) => {
    test.each([
      ['sendStdin', () => null],
      ['readStdout', () => null],
      ['readStderr', () => null],
      ['acknowledgeOutput', () => ({ stdout: 1 })],
      ['detachSession', (client: string) => ({ client, keepSeconds: 60 })],
      ['holdSession', (client: string) => ({ client, takeOver: false, audit })],
    ] as const)('can’t act as the holder: %s', async (name, makeBody) => {
      const client = await chooseID();
      const { status, content } = await ask(sessionRoutes[name], id, client, makeBody(client));
      expect([status, JSON.parse(content)]).toEqual([409, expect.objectContaining({ code: 'takenOver' })]);
    });
  });

  test('starts nothing with the ID of another one’s session, and does not hold it then', async () => {
    const mallory = randomUUID();
    const spec = createSpec({ client: mallory, command: ['evil'], stdin: true });
    const { content } = await ask(sessionRoutes.startSession, id, null, spec);
    expect(JSON.parse(content)).toMatchObject({ id, command: ['true'] });
    expect((await ask(sessionRoutes.sendStdin, id, mallory)).status).toBe(409);
  });

  test('that takes the session over leaves a line in the log', async () => {
    const body = { client: randomUUID(), takeOver: true, audit };
    expect((await ask(sessionRoutes.holdSession, id, null, body)).status).toBe(200);
    expect(agent.audit.at(-1)).toMatchObject({ event: 'sessionHeld', session: id, claimed_user: 'mallory' });
  });
});
