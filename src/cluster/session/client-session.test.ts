import { afterEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ProblemError } from '../../session-api/problem.ts';
import { type SessionEnd, sessionStateSchema } from '../../session-api/session-end.ts';
import { offsetHeader } from '../../session-api/session-routes.ts';
import { formatTrailers } from '../../session-api/stream-trailers.ts';
import { answerJSON, describePlayedSession, playApiServer } from '../testing/fake-api-server.ts';
import { attachSession } from './attach-session.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const client = '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11';
const state = sessionStateSchema.parse(describePlayedSession(id));
const running = { metadata: { name: 'agent-1' }, spec: {}, status: { phase: 'Running' } };
const never = new AbortController().signal;
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** Attaches to a session of an agent whose answers to the requests for stdout are the test's. */
async function attach(
  answerOutput: (stream: ServerHttp2Stream, from: string | null) => unknown,
  { isWatcher = false } = {},
) {
  const requests: string[] = [];
  const played = await playApiServer(
    () => running,
    (_pod, request, stream) => {
      const [method, path = ''] = request.split(' ');
      const url = new URL(path, 'http://agent');
      const part = url.pathname.split('/').slice(4).join('/');
      requests.push(`${method} ${part}${url.searchParams.has('client') ? ' as a client' : ''}`);
      if (part === 'stdout') answerOutput(stream, url.searchParams.get('from'));
      else if (part === 'stderr') endOutput(stream, '', 0);
      else answerJSON(stream, state);
    },
  );
  opened.push(played.close);
  const told: string[] = [];
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const sinks = {
    ...{ stdout, stderr, compress: false },
    onLost: () => told.push('lost'),
    onRestored: () => told.push('restored'),
    onGap: (bytes: number) => told.push(`${bytes} bytes lost`),
  };
  const holder = isWatcher ? null : { client, audit: { claimedUser: null, reason: null } };
  const agent = { namespace: 'crashcart', pod: 'agent-1' };
  const session = await attachSession(played.api, { agent, state, holder }, sinks, never);
  opened.push(() => session.close());
  return { session, requests, told, stdout };
}

/** Answers an output from an offset to its end. */
function endOutput(stream: ServerHttp2Stream, content: string, from: number): void {
  stream.respond({ ':status': 200, [offsetHeader]: String(from) }, { waitForTrailers: true });
  const sha256 = createHash('sha256').update(content).digest('hex');
  const end: SessionEnd = { reason: 'exited', exitCode: 3, message: null, warnings: [], leftProcesses: [] };
  stream.once('wantTrailers', () =>
    stream.sendTrailers(formatTrailers({ bytes: content.length, sha256, end })),
  );
  stream.end(content.slice(from));
}

/** Answers the beginning of an output, and ends the connection once the client has received it. */
function cutOutput(stream: ServerHttp2Stream, beginning: string): void {
  stream.respond({ ':status': 200, [offsetHeader]: '0' });
  stream.write(beginning);
  stream.session?.ping(() => stream.session?.destroy());
}

describe('a session of a client', () => {
  test('goes on over another connection, at the byte where the first one was lost', async () => {
    const offsets: (string | null)[] = [];
    const { session, requests, told, stdout } = await attach((stream, from) => {
      offsets.push(from);
      if (offsets.length === 1) cutOutput(stream, 'one half');
      else endOutput(stream, 'one half and the other', Number(from));
    });
    expect(await session.outcome).toMatchObject({ kind: 'ended', end: { exitCode: 3 } });
    expect(await text(stdout.end())).toBe('one half and the other');
    expect({ offsets, told }).toEqual({ offsets: [null, '8'], told: ['lost', 'restored'] });
    expect(requests.filter((request) => request === 'PUT holder')).toHaveLength(2);
  });

  test('says how much of the output is lost when the agent could not keep it', async () => {
    let attempts = 0;
    const { session, told } = await attach((stream) => {
      if (++attempts === 1) cutOutput(stream, 'one half');
      else endOutput(stream, 'one half, a gap, the end', 16);
    });
    await session.outcome;
    expect(told).toEqual(['lost', 'restored', '8 bytes lost']);
  });

  test('is left once the agent has answered', async () => {
    const { session, told } = await attach((stream) => stream.respond({ ':status': 200 }));
    await session.detach(60);
    expect(await session.outcome).toEqual({ kind: 'detached' });
    expect({ isLeft: session.isLeft, told }).toEqual({ isLeft: true, told: [] });
  });

  test('is left when another client has taken it over: it is not this one’s to end', async () => {
    const { session } = await attach((stream) => {
      stream.respond({ ':status': 409 });
      stream.end(JSON.stringify(new ProblemError('takenOver', 'another client holds it').toProblem()));
    });
    await expect(session.outcome).rejects.toMatchObject({ code: 'takenOver' });
    expect(session.isLeft).toBe(true);
  });

  test('is ended over another connection when its own is lost', async () => {
    const { session, requests } = await attach((stream) => stream.respond({ ':status': 200 }));
    session.close();
    await session.delete(AbortSignal.timeout(3000));
    expect(requests.at(-1)).toBe('DELETE  as a client');
  });

  test('that only watches asks for nothing as a client, and can neither detach nor send stdin', async () => {
    const { session, requests } = await attach((stream) => endOutput(stream, 'seen', 0), { isWatcher: true });
    await session.detach(60);
    await session.sendStdin(new PassThrough());
    expect(await session.outcome).toMatchObject({ kind: 'ended' });
    expect(session.isLeft).toBe(false);
    expect(requests.toSorted()).toEqual(['GET stderr', 'GET stdout']);
  });
});
