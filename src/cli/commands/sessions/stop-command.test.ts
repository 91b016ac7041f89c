import { afterEach, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  answerJSON,
  describePlayedSession,
  playApiServer,
} from '../../../cluster/testing/fake-api-server.ts';
import { createContext, type Streams } from '../../context.ts';
import { readCommand } from '../../options/option-values.ts';
import { stopCommand } from './stop-command.ts';

const ids = ['1f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e', '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e'];
const agents = { items: [{ metadata: { name: 'agent-1' }, spec: {}, status: { phase: 'Running' } }] };
let close = () => {};

afterEach(() => close());

test('all sessions that are to be stopped are looked for at once', async () => {
  const asked: string[] = [];
  const played = await playApiServer(
    (request) => (request.endsWith('/pods') ? agents : 404),
    (_pod, request, stream) => {
      asked.push(request);
      answerJSON(stream, request.startsWith('GET') ? ids.map((id) => describePlayedSession(id)) : {});
    },
  );
  ({ close } = played);
  const stdout = new PassThrough();
  const context = createContext({
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    env: { KUBECONFIG: '/no/such/file' },
  } as unknown as Streams);
  const raw = { flags: { server: played.url }, positional: ids.map((id) => id.slice(0, 4)), rest: null };
  expect(await stopCommand.run(readCommand(stopCommand, raw), context)).toBe(0);
  expect(asked).toEqual(['GET /v1/sessions', ...ids.map((id) => `DELETE /v1/sessions/${id}`)]);
  expect(await text(stdout.end())).toBe(ids.map((id) => `session ${id} stopped\n`).join(''));
});
