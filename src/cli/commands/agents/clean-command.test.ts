import { afterEach, describe, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { agentAnnotations } from '../../../cluster/agent-pods/agent-spec.ts';
import {
  answerJSON,
  describePlayedSession,
  playApiServer,
} from '../../../cluster/testing/fake-api-server.ts';
import { createContext, type Streams } from '../../context.ts';
import { readCommand } from '../../options/option-values.ts';
import { version } from '../../plugin-version.ts';
import { cleanCommand } from './clean-command.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const job = '/apis/batch/v1/namespaces/crashcart/jobs';
const running = describePlayedSession(id);
const unread = describePlayedSession(id, true, true);
const read = describePlayedSession(id, true);
let close = () => {};

afterEach(() => close());

interface Agent {
  /** null: its pod does not run yet. */
  sessions: object[] | null;
  ageMinutes?: number;
  ofVersion?: string;
  /** What runs when it is asked again. */
  later?: object[];
  /** Whether the cluster removes it meanwhile. */
  vanishes?: boolean;
}

/** Cleans up one agent that the cluster refuses to ask, or to remove. @returns the failure, and what was told. */
async function cleanInVain(refused: 'ask' | 'remove') {
  const described = { metadata: { name: 'agent', annotations: { [agentAnnotations.node]: 'node-1' } } };
  const pod = {
    metadata: { name: 'agent-1', labels: { 'job-name': 'agent' } },
    ...{ spec: {}, status: { phase: 'Running' } },
  };
  const played = await playApiServer(
    (request) => {
      if (request === `GET ${job}`) return { items: [described] };
      if (request === `GET ${job}/agent`) return described;
      return request.endsWith('/pods') ? { items: [pod] } : 403;
    },
    (_pod, _request, stream) => {
      if (refused === 'ask') stream.session?.destroy();
      else answerJSON(stream, []);
    },
  );
  ({ close } = played);
  const stdout = new PassThrough();
  const context = createContext({
    ...{ stdin: new PassThrough(), stdout, stderr: new PassThrough() },
    env: { KUBECONFIG: '/no/such/file' },
  } as unknown as Streams);
  const raw = { flags: { all: true, server: played.url }, positional: [], rest: null };
  const running = cleanCommand.run(readCommand(cleanCommand, raw), context);
  const error = await Promise.resolve(running).catch((failure: unknown) => failure);
  return { error, stdout: await text(stdout.end()) };
}

test.each([
  [
    'ask',
    /^an agent was not removed: agent on node-1: it does not tell whether sessions run: /,
    /kept: it does not tell/,
  ],
  ['remove', /^an agent was not removed: agent on node-1: you may not delete jobs/, /not removed/],
] as const)('an agent that nobody may %s is shown, and is a failure', async (refused, message, action) => {
  const { error, stdout } = await cleanInVain(refused);
  expect(error).toMatchObject({ code: 'incomplete', message: expect.stringMatching(message) });
  expect(stdout).toMatch(action);
});

/** Cleans up one agent. @returns what was told of it, and whether it was deleted, and what `dryRun` said of each deletion. */
async function clean(agent: Agent, flags: Record<string, boolean | string> = {}) {
  const { sessions, ageMinutes = 1, ofVersion = version, later, vanishes = false } = agent;
  const described = {
    metadata: {
      name: 'agent',
      creationTimestamp: new Date(Date.now() - ageMinutes * 60_000).toISOString(),
      annotations: { [agentAnnotations.version]: ofVersion, [agentAnnotations.node]: 'node-1' },
    },
  };
  const pod = {
    metadata: { name: 'agent-1', labels: { 'job-name': 'agent' } },
    spec: {},
    status: { phase: sessions === null ? 'Pending' : 'Running' },
  };
  let asked = 0;
  const dryRuns: (string | null)[] = [];
  const played = await playApiServer(
    (request, { req }) => {
      if (req.method === 'DELETE')
        dryRuns.push(new URL(req.url ?? '', 'http://server').searchParams.get('dryRun'));
      if (request === `GET ${job}`) return { items: [described] };
      if (request === `GET ${job}/agent`) return vanishes ? 404 : described;
      if (request === `DELETE ${job}/agent`) return vanishes ? 404 : {};
      return request.endsWith('/pods') ? { items: [pod] } : 404;
    },
    (_pod, _request, stream) => answerJSON(stream, asked++ === 0 ? sessions : (later ?? sessions)),
  );
  ({ close } = played);
  const stdout = new PassThrough();
  const context = createContext({
    ...{ stdin: new PassThrough(), stdout, stderr: new PassThrough() },
    env: { KUBECONFIG: '/no/such/file' },
  } as unknown as Streams);
  const raw = { flags: { ...flags, server: played.url }, positional: [], rest: null };
  expect(await cleanCommand.run(readCommand(cleanCommand, raw), context)).toBe(0);
  const [, line = ''] = (await text(stdout.end())).split('\n');
  const action = line.split(/ {2,}/).at(-1) ?? '';
  return { action, isDeleted: dryRuns.includes(null), dryRuns };
}

const older = '0.0.1';

describe('an agent that is of no use', () => {
  test.each<[string, Agent]>([
    ['is of another version, and idle', { sessions: [], ofVersion: older }],
    ['is of another version, and all its ends are read', { sessions: [read], ofVersion: older }],
    ['has not come to run', { sessions: null, ageMinutes: 6 }],
    ['is removed by the cluster meanwhile', { sessions: [], ofVersion: older, vanishes: true }],
  ])('as it %s is removed', async (_why, agent) => {
    expect(await clean(agent)).toMatchObject({ action: 'removed', isDeleted: true });
  });

  test.each<[string, string, Agent]>([
    ['is starting', 'it is starting', { sessions: null, ofVersion: older }],
    ['has sessions', 'a session runs', { sessions: [running], ofVersion: older }],
    [
      'has got a session since',
      '2 sessions run',
      { sessions: [], ofVersion: older, later: [running, running] },
    ],
    [
      'has ends that were not read',
      '2 detached sessions have ended unread',
      { sessions: [unread, read, unread], ofVersion: older },
    ],
    [
      'has sessions and an end',
      'a session runs, 1 detached session has ended unread',
      { sessions: [running, unread], ofVersion: older },
    ],
  ])('but %s is kept, unless that is forced', async (_why, use, agent) => {
    expect(await clean(agent)).toMatchObject({
      action: `kept: ${use} (--force removes it)`,
      isDeleted: false,
    });
    close();
    expect(await clean(agent, { force: true })).toMatchObject({ action: 'removed', isDeleted: true });
  });
});

describe('--all', () => {
  test('removes what is idle, but no end that was not read', async () => {
    expect(await clean({ sessions: [read] }, { all: true })).toMatchObject({
      action: 'removed',
      isDeleted: true,
    });
    close();
    expect(await clean({ sessions: [unread] }, { all: true })).toMatchObject({
      action: 'kept: 1 detached session has ended unread (--force removes it)',
      isDeleted: false,
    });
  });
});

describe('--dry-run with --force says what would be lost', () => {
  test.each([
    ['client', false],
    ['server', true],
  ])('of %s', async (mode, isAsked) => {
    const flags = { all: true, force: true, 'dry-run': mode };
    const { action, isDeleted, dryRuns } = await clean({ sessions: [unread] }, flags);
    expect(action).toBe('would be removed: 1 detached session has ended unread');
    expect(isDeleted).toBe(false);
    expect(dryRuns).toEqual(isAsked ? ['All'] : []);
  });
});
