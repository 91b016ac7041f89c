import { afterEach, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  answerJSON,
  describePlayedSession,
  playApiServer,
} from '../../../cluster/testing/fake-api-server.ts';
import { createContext, type Streams } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { readCommand } from '../../options/option-values.ts';
import { attachCommand } from './attach-command.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const agents = { items: [{ metadata: { name: 'agent-1' }, spec: {}, status: { phase: 'Running' } }] };
const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

test('a session is not taken from its holder for a recording that can’t be made', async () => {
  const asked: string[] = [];
  const played = await playApiServer(
    (request) => (request.endsWith('/pods') ? agents : 404),
    (_pod, request, stream) => {
      asked.push(request);
      const state = describePlayedSession(id);
      answerJSON(stream, request === 'GET /v1/sessions' ? [state] : state);
    },
  );
  const directory = await mkdtemp(join(tmpdir(), 'crashcart-attach-'));
  opened.push(played.close, () => rm(directory, { recursive: true }));
  const file = join(directory, 'earlier.cast');
  await writeFile(file, 'an earlier recording');
  const flags = { record: file, server: played.url };
  const raw = { flags, positional: [id], rest: null };
  const context = createContext({
    ...{ stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() },
    env: { KUBECONFIG: join(directory, 'none') },
  } as unknown as Streams);
  await expect(attachCommand.run(readCommand(attachCommand, raw), context)).rejects.toThrow(UsageError);
  expect(asked).toEqual(['GET /v1/sessions']);
});
