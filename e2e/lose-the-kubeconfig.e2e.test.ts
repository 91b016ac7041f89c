import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type ApiServerProxy, startApiServerProxy } from './harness/api-server-proxy.ts';
import { startKubectl, waitForOutput } from './harness/command-run.ts';
import { apiVersion } from './harness/made-up-users.ts';
import { createTestNamespace, leaveTestNamespace, privilegedLabels } from './harness/test-namespace.ts';
import { getTestedCluster } from './harness/tested-cluster.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const agents = 'lose-the-kubeconfig';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents];
const limitMs = 20_000;
const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': z.string() }) })]),
  users: z.tuple([
    z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }),
  ]),
});

let directory: string;
let file: string;
let proxy: ApiServerProxy;
let cluster: object;
let user: { 'client-certificate-data': string; 'client-key-data': string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-lost-'));
  file = join(directory, 'config');
  const { kubeconfig } = await getTestedCluster();
  const { clusters, users } = kubeconfigSchema.parse(JSON.parse(await readFile(kubeconfig, 'utf8')));
  proxy = await startApiServerProxy();
  cluster = { ...clusters[0].cluster, server: proxy.address, 'tls-server-name': 'localhost' };
  ({ user } = users[0]);
  await createTestNamespace(agents, privilegedLabels);
}, 60_000);

afterAll(async () => {
  proxy.close();
  await leaveTestNamespace(agents);
  await rm(directory, { recursive: true });
}, 60_000);

/** The text of a kubeconfig, with a second context that leads nowhere. */
const describeConfig = (more: object = {}, lab: object = cluster, ada: object = user) =>
  JSON.stringify({
    clusters: [
      { name: 'lab', cluster: lab },
      { name: 'nowhere', cluster: { server: 'https://127.0.0.1:1' } },
    ],
    users: [
      { name: 'ada', user: ada },
      { name: 'eve', user: { token: 'wrong' } },
    ],
    contexts: [
      { name: 'lab', context: { cluster: 'lab', user: 'ada' } },
      { name: 'nowhere', context: { cluster: 'nowhere', user: 'eve' } },
    ],
    'current-context': 'lab',
    ...more,
  });

describe('a session comes back to its own cluster, as its own user, when the kubeconfig', () => {
  const replaceByPipe = async () => {
    await rm(file);
    execFileSync('mkfifo', [file]);
  };
  const readFromPipe = ['bash', '-c', 'KUBECONFIG=<(cat "$CONFIG") "$@"', 'bash'];
  const feedPipe = [
    'bash',
    '-c',
    'mkfifo "$CONFIG.pipe"; cat "$CONFIG" > "$CONFIG.pipe" & KUBECONFIG="$CONFIG.pipe" "$@"',
    'bash',
  ];
  test.each<[string, () => Promise<unknown>, string[]?]>([
    ['was deleted', () => rm(file)],
    ['was the output of a program', () => rm(file), readFromPipe],
    ['was a named pipe', () => rm(file), feedPipe],
    ['has become a named pipe', replaceByPipe],
    ['has become a folder', () => rm(file).then(() => mkdir(file))],
    ['is half written', () => writeFile(file, describeConfig().slice(0, 900))],
    ['is empty', () => writeFile(file, '')],
    ['is broken', () => writeFile(file, 'users: ][')],
    ['has another current context', () => writeFile(file, describeConfig({ 'current-context': 'nowhere' }))],
    ['has lost its contexts', () => writeFile(file, describeConfig({ contexts: null }))],
    ['has lost its user', () => writeFile(file, describeConfig({ users: [] }))],
    [
      'has another cluster by that name, and another user',
      () => writeFile(file, describeConfig({}, { server: 'https://127.0.0.1:1' }, { token: 'wrong' })),
    ],
    [
      'has a plugin for its user that is not there',
      () => {
        const exec = { apiVersion, command: 'no-such-plugin', interactiveMode: 'Never' };
        return writeFile(file, describeConfig({}, cluster, { exec }));
      },
    ],
  ])('%s', async (_what, change, via = []) => {
    await rm(file, { recursive: true, force: true });
    await rm(`${file}.pipe`, { force: true });
    await writeFile(file, describeConfig());
    const args = [
      'crashcart',
      ...target,
      '-q',
      '-i',
      '--',
      'bash',
      '-c',
      'echo started; read x; echo $x; exit 7',
    ];
    const client = await startKubectl(args, { KUBECONFIG: file, CONFIG: file }, via);
    const timer = setTimeout(() => client.kill('SIGKILL'), limitMs);
    const stderr = buffer(client.stderr);
    const closed = new Promise((resolve) => client.once('close', resolve));
    await waitForOutput(client);
    const stdout = buffer(client.stdout);
    await change();
    proxy.cut();
    client.stdin.end('after the cut\n');
    const code = await closed;
    clearTimeout(timer);
    const end = { code, stdout: (await stdout).toString(), stderr: (await stderr).toString() };
    expect(end).toEqual({ code: 7, stdout: 'after the cut\n', stderr: '' });
  });
});

test('a plugin may ask on the terminal at a reconnect, and the terminal is the session’s again', async () => {
  const { 'client-certificate-data': cert, 'client-key-data': key } = user;
  const decode = (text: string) => Buffer.from(text, 'base64').toString();
  const status = { clientCertificateData: decode(cert), clientKeyData: decode(key) };
  const answer = join(directory, 'answer');
  await writeFile(answer, JSON.stringify({ kind: 'ExecCredential', apiVersion, status }));
  const ask = (question: string) => {
    const script = `printf '${question}: ' >&2; read word; test "$word" = typed && cat '${answer}'`;
    const exec = { apiVersion, command: 'sh', args: ['-c', script], interactiveMode: 'Always' };
    return describeConfig({}, cluster, { exec });
  };
  await rm(file, { recursive: true, force: true });
  await writeFile(file, ask('Password'));
  const command = `KUBECONFIG='${file}' kubectl crashcart ${target.join(' ')} -it -- bash --norc`;
  const terminal = await UserTerminal.open(command);
  try {
    await terminal.waitFor(/Password: /);
    await terminal.pressAndWait('typed\r', /# $/);
    // Another entry is another plugin, which is asked anew.
    await writeFile(file, ask('Once more'));
    const offset = terminal.shown.length;
    proxy.cut();
    await terminal.waitFor(/Once more: /, offset);
    terminal.press('typed\r');
    await terminal.pressAndWait('\recho re""joined\r', /rejoined/);
    // In raw mode an interrupt is the command's.
    await terminal.pressAndWait('sleep 1000\r', /sleep 1000/);
    await terminal.pressAndWait('\u0003', /# $/);
    terminal.press('exit 7\r');
    expect(await terminal.waitForExit()).toBe(7);
  } finally {
    await terminal.close();
  }
});
