import { afterEach, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { agentLabels, describeAgent } from '../../../cluster/agent-pods/agent-spec.ts';
import {
  answerJSON,
  describePlayedSession,
  playApiServer,
} from '../../../cluster/testing/fake-api-server.ts';
import { createContext, type Streams } from '../../context.ts';
import { describeAgentOptions } from '../../options/agent/agent-options.ts';
import { readCommand } from '../../options/option-values.ts';
import { sessionCommand } from './session-command.ts';

const node = 'node-1';
let close = () => {};

afterEach(() => close());

/** Starts a session on a node whose agent runs, and leaves it. @returns what is told on stderr. */
async function detach(flags: Record<string, string>): Promise<string> {
  const stderr = new PassThrough();
  const context = createContext({
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    env: { KUBECONFIG: '/no/such/file' },
  } as unknown as Streams);
  const raw = {
    flags: { ...flags, detach: true },
    positional: [`node/${node}`],
    rest: ['true'],
  };
  const read = (more: object) => readCommand(sessionCommand, { ...raw, flags: { ...raw.flags, ...more } });
  const agent = describeAgentOptions(read({}).agent);
  const labels = { [agentLabels.key]: describeAgent(node, agent).key };
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const pod = { metadata: { name: 'agent-1', uid: '1', labels }, spec: { nodeName: node }, status };
  const played = await playApiServer(
    (request) => {
      if (request.endsWith('/pods')) return { items: [pod] };
      return request.endsWith(`/nodes/${node}`) ? { metadata: { name: node } } : 404;
    },
    (_pod, request, stream) => answerJSON(stream, describePlayedSession(request.split('/').at(-1) ?? '')),
  );
  ({ close } = played);
  expect(await sessionCommand.run(read({ server: played.url }), context)).toBe(0);
  return await text(stderr.end());
}

test.each([
  [{}, ''],
  [{ 'agent-namespace': 'ours' }, ' --agent-namespace ours'],
])('a session that is started detached with %j is told how to come back to it', async (flags, words) => {
  expect(await detach(flags)).toMatch(
    new RegExp(`The session runs detached. To attach: \`kubectl crashcart attach [0-9a-f]{8}${words}\`\n$`),
  );
});
