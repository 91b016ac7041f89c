import { afterEach, expect, test } from '@jest/globals';
import type { ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  answerJSON,
  describePlayedSession,
  playApiServer,
} from '../../../cluster/testing/fake-api-server.ts';
import { ProblemError } from '../../../session-api/problem.ts';
import { createContext, type Streams } from '../../context.ts';
import { readCommand } from '../../options/option-values.ts';
import { stopCommand } from './stop-command.ts';

const ids = ['1f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e', '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e'];
const agents = { items: [{ metadata: { name: 'agent-1' }, spec: {}, status: { phase: 'Running' } }] };
let close = () => {};

afterEach(() => close());

/** Stops both sessions. @param answer to the request that ends one. @returns how that went. */
async function stop(answer: (id: string, stream: ServerHttp2Stream) => void) {
  const asked: string[] = [];
  const played = await playApiServer(
    (request) => (request.endsWith('/pods') ? agents : 404),
    (_pod, request, stream) => {
      asked.push(request);
      if (request.startsWith('GET'))
        answerJSON(
          stream,
          ids.map((id) => describePlayedSession(id)),
        );
      else answer(request.split('/').at(-1) ?? '', stream);
    },
  );
  ({ close } = played);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context = createContext({
    ...{ stdin: new PassThrough(), stdout, stderr },
    env: { KUBECONFIG: '/no/such/file' },
  } as unknown as Streams);
  const raw = { flags: { server: played.url }, positional: ids.map((id) => id.slice(0, 4)), rest: null };
  const code = await stopCommand.run(readCommand(stopCommand, raw), context);
  return { code, asked, stdout: await text(stdout.end()), stderr: await text(stderr.end()) };
}

test('all sessions that are to be stopped are looked for at once', async () => {
  const { code, asked, stdout } = await stop((id, stream) =>
    answerJSON(stream, describePlayedSession(id, true)),
  );
  expect(code).toBe(0);
  expect(asked).toEqual(['GET /v1/sessions', ...ids.map((id) => `DELETE /v1/sessions/${id}`)]);
  expect(stdout).toBe(ids.map((id) => `session ${id} stopped\n`).join(''));
});

test('a session is said to be stopped only if nothing of it is left', async () => {
  const leftProcesses = [{ pid: 17, name: 'cat\u001b[2J' }];
  const end = { reason: 'deleted', exitCode: 137, message: null, leftProcesses };
  const { code, stdout, stderr } = await stop((id, stream) =>
    answerJSON(stream, { ...describePlayedSession(id, true), ...(id === ids[0] && { end }) }),
  );
  expect({ code, stdout }).toEqual({ code: 125, stdout: `session ${ids[1]} stopped\n` });
  expect(stderr).toMatch(
    `error: session ${ids[0]} was not stopped: some processes can't be ended, as they wait in the kernel: cat\\x1b[2J (PID 17 on the node)\n`,
  );
});

test.each<[string, RegExp, (id: string, stream: ServerHttp2Stream) => void]>([
  [
    'that the agent still runs',
    /was not stopped: the agent still runs the session/,
    (id, stream) => answerJSON(stream, describePlayedSession(id)),
  ],
  ['whose answer is cut', /was not stopped: .*connection/, (_id, stream) => stream.session?.destroy()],
  [
    'that the agent no longer knows',
    /was not stopped: no session/,
    (_id, stream) => {
      stream.respond({ ':status': 404 });
      stream.end(JSON.stringify(new ProblemError('notFound', 'no session').toProblem()));
    },
  ],
])(
  'a session %s is not told as stopped, and the next one is stopped all the same',
  async (_what, words, fail) => {
    const { code, stdout, stderr } = await stop((id, stream) => {
      if (id === ids[0]) fail(id, stream);
      else answerJSON(stream, describePlayedSession(id, true));
    });
    expect({ code, stdout }).toEqual({ code: 125, stdout: `session ${ids[1]} stopped\n` });
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(new RegExp(`^error: session ${ids[0]} was not stopped: `));
  },
);
