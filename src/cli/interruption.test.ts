import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn as openTerminal } from '@lydell/node-pty';
import { answerJSON, describePlayedSession, playApiServer } from '../cluster/testing/fake-api-server.ts';

const program = join(import.meta.dirname, 'main.ts');
const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const signals = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
/** More than a run needs to hear of a signal and to clean up. */
const endLimitMs = 10_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-interruption-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ending {
  code: number | null;
  stderr: string;
}

/** Runs the program as a user's shell does. */
function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], HOME: folder, XDG_CACHE_HOME: folder, NODE_NO_WARNINGS: '1', ...env },
    stdio: 'pipe',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), endLimitMs * 2);
  child.stdout.resume();
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(([[code], stderr]): Ending => {
    clearTimeout(timer);
    return { code: code as number | null, stderr };
  });
  return { child, ended };
}

const agentPod = {
  metadata: { name: 'agent-1', uid: '1', annotations: { 'crashcart.dev/node': 'node-1' } },
  spec: { nodeName: 'node-1' },
  status: { phase: 'Running' },
};
const container = { name: 'app', containerID: 'containerd://1', ready: true, state: { running: {} } };
const targetPod = {
  metadata: { name: 'web', namespace: 'default', uid: '2' },
  spec: { nodeName: 'node-1', containers: [{ name: 'app' }] },
  status: { phase: 'Running', containerStatuses: [container] },
};
const answers: [pattern: RegExp, answer: object | number][] = [
  [/^GET \/version$/, { major: '1', minor: '34', gitVersion: 'v1.34.0' }],
  [/\/namespaces\/crashcart\/pods$/, { items: [agentPod] }],
  [/\/namespaces\/crashcart$/, { metadata: { name: 'crashcart' } }],
  [/\/pods\/web$/, targetPod],
  [/\/nodes\/node-1$/, { metadata: { name: 'node-1' } }],
  [/^GET .*\/nodes$/, { items: [] }],
  [/^GET .*\/jobs$/, { items: [{ metadata: { name: 'job-1' }, status: {} }] }],
  [/^POST .*\/jobs$/, { metadata: { name: 'job-1', uid: '3' } }],
  [/subjectaccessreviews$/, { status: { allowed: true } }],
  [/subjectreviews$/, { status: { userInfo: { username: 'eve' } } }],
  [/\/daemonsets\/[^/]*$/, { metadata: { name: 'crashcart', uid: '4' } }],
];

/**
 * Runs a command whose nth request is never answered, and sends a signal then. A session's output is the last request
 * to be waited for.
 * @returns null when the command has ended without such a request.
 */
async function interrupt(args: string[], nth: number, signal: NodeJS.Signals) {
  const waits = Promise.withResolvers<{ isLast: boolean }>();
  let requests = 0;
  let isSent = false;
  const holds = (request: string) => {
    const isLast = /\/std(out|err)/.test(request);
    if (++requests === nth || isLast) waits.resolve({ isLast });
    // What cleans up is answered. A refusal of anything else could come before the signal.
    const isCleaning = isSent && !request.endsWith('/events');
    return isLast || (requests >= nth && !isCleaning);
  };
  const played = await playApiServer(
    (request) => (holds(request) ? null : (answers.find(([pattern]) => pattern.test(request))?.[1] ?? 404)),
    (_pod, request, stream: ServerHttp2Stream) => {
      if (holds(request)) return;
      const session = describePlayedSession(id);
      answerJSON(stream, request === 'GET /v1/sessions' ? [session] : session);
    },
  );
  try {
    const { child, ended } = run([...args, '--server', played.url], { KUBECONFIG: '/no/such/file' });
    const first = await Promise.race([waits.promise, ended]);
    if (!('isLast' in first)) return null;
    isSent = true;
    child.kill(signal);
    return { ...first, ending: await ended };
  } finally {
    played.close();
  }
}

describe('an interrupt', () => {
  test.each([
    ['sessions'],
    ['stop 2f1f'],
    // Without this flag, the first SIGINT is for the session's command.
    ['attach 2f1f --read-only -q'],
    ['status'],
    ['clean --all'],
    ['install'],
    ['uninstall'],
    ['doctor pod/web'],
    ['pod/web --dry-run=server'],
    ['pod/web'],
  ])(
    'of `%s`, whichever answer it waits for, is silent and ends with the signal’s exit code',
    async (line) => {
      const [word = '', ...words] = line.split(' ');
      const args = word.startsWith('pod/') ? [word, ...words, '-q'] : [word, ...words];
      let waits = 0;
      // The doctor asks for two dozen things, most of them at once.
      const step = word === 'doctor' ? 5 : 1;
      for (let nth = 1; ; nth += step) {
        const signal = signals[nth % signals.length] ?? 'SIGINT';
        const interrupted = await interrupt(args, nth, signal);
        if (interrupted === null) break;
        const { isLast, ending } = interrupted;
        expect({ nth, signal, ...ending }).toEqual({ nth, signal, code: exitCodes[signal], stderr: '' });
        waits++;
        if (isLast) break;
      }
      expect(waits).toBeGreaterThan(0);
    },
    120_000,
  );

  test.each([
    ['sessions', 'SIGINT'],
    ['pod/web', 'SIGTERM'],
    ['doctor', 'SIGHUP'],
  ] as const)(
    'of `%s` by %s, while a program of the kubeconfig reads credentials, is silent, too',
    async (command, signal) => {
      const told = join(folder, `told-${signal}`);
      const kubeconfig = join(folder, `config-${signal}`);
      const script = `echo > ${told}; exec sleep 20`;
      const apiVersion = 'client.authentication.k8s.io/v1';
      const exec = { apiVersion, command: 'sh', args: ['-c', script], interactiveMode: 'Never' };
      await writeFile(
        kubeconfig,
        JSON.stringify({
          'current-context': 'test',
          clusters: [{ name: 'test', cluster: { server: 'https://127.0.0.1:1' } }],
          users: [{ name: 'test', user: { exec } }],
          contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        }),
      );
      const { child, ended } = run([command], { KUBECONFIG: kubeconfig });
      await waitForFile(told);
      const sentAt = performance.now();
      child.kill(signal);
      expect(await ended).toEqual({ code: exitCodes[signal], stderr: '' });
      expect(performance.now() - sentAt).toBeLessThan(endLimitMs);
    },
    60_000,
  );
});

describe('an interrupt of a question', () => {
  /** Runs the program on a terminal until it asks, and sends a signal then. */
  async function interruptQuestion(args: string[], question: RegExp, signal: NodeJS.Signals) {
    const answersHere: typeof answers = [
      [/^POST .*\/jobs$/, 404],
      [/\/namespaces\/crashcart\/pods$/, { items: [] }],
      [/\/namespaces\/default\/pods$/, { items: [targetPod] }],
      ...answers,
    ];
    const played = await playApiServer(
      (request) => answersHere.find(([pattern]) => pattern.test(request))?.[1] ?? 404,
    );
    const env = { PATH: process.env['PATH'], HOME: folder, XDG_CACHE_HOME: folder, NODE_NO_WARNINGS: '1' };
    const words = [program, ...args, '--server', played.url];
    const terminal = openTerminal(process.execPath, words, { env: { ...env, KUBECONFIG: '/no/such/file' } });
    try {
      let shown = '';
      const exited = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
      await new Promise<void>((resolve) =>
        terminal.onData((data) => {
          shown += data;
          if (question.test(shown)) resolve();
        }),
      );
      process.kill(terminal.pid, signal);
      return { code: await exited, shown };
    } finally {
      played.close();
    }
  }

  test.each([
    ['which target', ['-n', 'default'], /Target:/, 'SIGTERM'],
    ['which target', ['-n', 'default'], /Target:/, 'SIGHUP'],
    ['whether the namespace shall be made', ['pod/web'], /for privileged agents/, 'SIGTERM'],
    ['whether the namespace shall be made', ['pod/web'], /for privileged agents/, 'SIGINT'],
  ] as const)(
    '%s ends with the signal’s exit code, without a word',
    async (_what, args, question, signal) => {
      const { code, shown } = await interruptQuestion([...args], question, signal);
      expect({ code, shown }).toEqual({
        code: exitCodes[signal],
        shown: expect.not.stringMatching(/error|abort/i),
      });
    },
  );
});

async function waitForFile(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
}
