import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { startHTTPProxy, startSOCKSProxy } from '../src/cluster/testing/proxy-servers.ts';
import { type RequestFaultServer, startRequestFaultServer } from './faults/request-fault-server.ts';
import { startApiServerProxy } from './harness/api-server-proxy.ts';
import { runCrashcart, runKubectl, waitForOutput } from './harness/command-run.ts';
import { startClient } from './harness/started-session.ts';
import { getTestedCluster } from './harness/tested-cluster.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const namespace = 'connect-as-kubectl-does';
/** Of manifests/rbac.yaml. */
const roles = { cluster: 'crashcart-user', agents: 'crashcart-agents' };
const command = ['musl', '-n', 'targets', '-q', '--', 'hostname'];

const kubeconfigSchema = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.string() }) }))
    .min(1),
  users: z.array(
    z.object({
      user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }),
    }),
  ),
});

let directory: string;
let server: URL;
let authority: string;
let authorityFile: string;
let certificates: { certificate: string; key: string };
let token: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-kubeconfig-'));
  const { kubeconfig } = await getTestedCluster();
  const { clusters, users } = kubeconfigSchema.parse(JSON.parse(await readFile(kubeconfig, 'utf8')));
  server = new URL(clusters[0]?.cluster.server ?? '');
  authority = clusters[0]?.cluster['certificate-authority-data'] ?? '';
  authorityFile = await write('ca.crt', Buffer.from(authority, 'base64'));
  const user = users[0]?.user;
  certificates = {
    certificate: await write('user.crt', Buffer.from(user?.['client-certificate-data'] ?? '', 'base64')),
    key: await write('user.key', Buffer.from(user?.['client-key-data'] ?? '', 'base64')),
  };
  await createTestNamespace(namespace);
  const metadata = { name: 'debugger', namespace };
  const subjects = [{ kind: 'ServiceAccount', ...metadata }];
  const apiGroup = 'rbac.authorization.k8s.io';
  const apiVersion = `${apiGroup}/v1`;
  await deleteBindings();
  await createObjects([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      ...{ apiVersion, kind: 'ClusterRoleBinding', metadata: { name: namespace } },
      ...{ subjects, roleRef: { apiGroup, kind: 'ClusterRole', name: roles.cluster } },
    },
    {
      ...{ apiVersion, kind: 'RoleBinding', metadata: { name: namespace, namespace: 'crashcart' } },
      ...{ subjects, roleRef: { apiGroup, kind: 'Role', name: roles.agents } },
    },
  ]);
  token = (await expectSuccess(['create', 'token', 'debugger', '-n', namespace])).trim();
}, 60_000);

afterAll(async () => {
  await rm(directory, { recursive: true });
  await deleteBindings();
  await leaveTestNamespace(namespace);
}, 60_000);

async function deleteBindings(): Promise<void> {
  await expectSuccess(['delete', 'clusterrolebinding', namespace, '--ignore-not-found']);
  await expectSuccess(['delete', 'rolebinding', namespace, '-n', 'crashcart', '--ignore-not-found']);
}

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

/** Writes a kubeconfig of one context. */
async function writeKubeconfig(name: string, cluster: object, user: object): Promise<string> {
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { server: server.href, 'certificate-authority-data': authority, ...cluster } },
    ],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'targets' } }],
    'current-context': name,
  };
  return await write(`${name}.kubeconfig`, JSON.stringify(content));
}

/** Runs the command with a kubeconfig, or several. */
const runWith = (kubeconfig: string, flags: string[] = [], env: NodeJS.ProcessEnv = {}) =>
  runCrashcart([...flags, ...command], { env: { KUBECONFIG: kubeconfig, ...env } });

const works = { code: 0, stdout: Buffer.from('musl\n'), stderr: '' };

async function listen(listener: Server): Promise<number> {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return (listener.address() as AddressInfo).port;
}

describe('a session is opened with', () => {
  test('a bearer token', async () => {
    expect(await runWith(await writeKubeconfig('token', {}, { token }))).toEqual(works);
  });

  test('a token in a file', async () => {
    const tokenFile = await write('token', token);
    expect(await runWith(await writeKubeconfig('token-file', {}, { tokenFile }))).toEqual(works);
  });

  test('the credentials that a plugin prints', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token },
    };
    const file = await write('credential.json', JSON.stringify(credential));
    const exec = {
      apiVersion: credential.apiVersion,
      command: 'sh',
      args: ['-c', 'test "$CREDENTIAL" && cat "$CREDENTIAL"'],
      env: [{ name: 'CREDENTIAL', value: file }],
      interactiveMode: 'Never',
    };
    expect(await runWith(await writeKubeconfig('exec', {}, { exec }))).toEqual(works);
  });

  test('a client certificate and a CA in files', async () => {
    const { certificate, key } = certificates;
    const cluster = { 'certificate-authority-data': undefined, 'certificate-authority': authorityFile };
    const user = { 'client-certificate': certificate, 'client-key': key };
    expect(await runWith(await writeKubeconfig('files', cluster, user))).toEqual(works);
  });

  test('flags alone', async () => {
    const empty = await write('empty', '');
    const flags = ['--server', server.href, '--certificate-authority', authorityFile];
    expect(await runWith(empty, [...flags, '--token', token])).toEqual(works);
    const { certificate, key } = certificates;
    expect(
      await runWith(empty, [...flags, '--client-certificate', certificate, '--client-key', key]),
    ).toEqual(works);
  });

  test('the context of several kubeconfigs that was asked for', async () => {
    const broken = await writeKubeconfig('broken', {}, { token: 'wrong' });
    const good = await writeKubeconfig('good', {}, { token });
    const files = [broken, good].join(':');
    expect(await runWith(files, ['--context', 'good'])).toEqual(works);
    expect(await runWith(files, ['--user', 'good'])).toEqual(works);
    expect(await runWith(files)).toMatchObject({ code: 125, stderr: expect.stringMatching(/Unauthorized/) });
  });

  test('the identity that the kubeconfig impersonates', async () => {
    const { certificate, key } = certificates;
    const admin = { 'client-certificate': certificate, 'client-key': key };
    const debuggers = { ...admin, as: 'jane', 'as-groups': ['crashcart-users'] };
    expect(await runWith(await writeKubeconfig('as', {}, debuggers))).toEqual(works);
    const nobody = { ...admin, as: 'jane', 'as-groups': ['nobodies'] };
    expect(await runWith(await writeKubeconfig('as-nobody', {}, nobody))).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('User "jane" cannot get resource "pods"'),
    });
  });

  test('the namespace of the context', async () => {
    const kubeconfig = await writeKubeconfig('namespace', {}, { token });
    const { stdout } = await runCrashcart(['musl', '-q', '--', 'hostname'], {
      env: { KUBECONFIG: kubeconfig },
    });
    expect(stdout.toString()).toBe('musl\n');
    const empty = await runCrashcart(['musl', '-n', '', '-q', '--', 'hostname'], {
      env: { KUBECONFIG: kubeconfig },
    });
    expect(empty.stdout.toString()).toBe('musl\n');
  });
});

describe('the way to the API server', () => {
  /** Where nobody listens: what does not go through the proxy fails. The proxy knows better. */
  const elsewhere = { server: 'https://api.lab.invalid:6443', 'tls-server-name': 'localhost' };
  const findServer = (): [string, number] => [server.hostname, Number(server.port)];

  test.each<[string, (port: number) => { cluster?: object; env?: Record<string, string> }]>([
    ['proxy-url', (port) => ({ cluster: { 'proxy-url': `http://127.0.0.1:${port}` } })],
    ['HTTPS_PROXY', (port) => ({ env: { HTTPS_PROXY: `http://127.0.0.1:${port}` } })],
    ['https_proxy without a scheme', (port) => ({ env: { https_proxy: `127.0.0.1:${port}` } })],
  ])('may lead through an HTTP proxy by %s, for the websocket as well', async (name, choose) => {
    const proxy = await startHTTPProxy(findServer);
    try {
      const { cluster = {}, env = {} } = choose(proxy.port);
      const kubeconfig = await writeKubeconfig(
        name.replaceAll(' ', '-'),
        { ...elsewhere, ...cluster },
        { token },
      );
      expect(await runWith(kubeconfig, [], env)).toEqual(works);
      expect(new Set(proxy.asked)).toEqual(new Set(['api.lab.invalid:6443']));
    } finally {
      proxy.close();
    }
  });

  test('may lead through a SOCKS5 proxy, which resolves the name', async () => {
    const proxy = await startSOCKSProxy(findServer);
    try {
      const cluster = { ...elsewhere, 'proxy-url': `socks5://127.0.0.1:${proxy.port}` };
      expect(await runWith(await writeKubeconfig('socks', cluster, { token }))).toEqual(works);
      expect(new Set(proxy.asked)).toEqual(new Set(['api.lab.invalid:6443']));
    } finally {
      proxy.close();
    }
  });

  test('does not go round a proxy that is down, and names it', async () => {
    const env = { HTTPS_PROXY: 'http://127.0.0.1:1' };
    expect(await runWith(await writeKubeconfig('down', {}, { token }), [], env)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining(
        "can't be reached through the proxy http://127.0.0.1:1 (HTTPS_PROXY): ",
      ),
    });
    expect(
      await runWith(await writeKubeconfig('around', {}, { token }), [], {
        ...env,
        NO_PROXY: server.hostname,
      }),
    ).toEqual(works);
  });

  test('is trusted by SSL_CERT_FILE where the kubeconfig names no CA', async () => {
    const kubeconfig = await writeKubeconfig(
      'system',
      { 'certificate-authority-data': undefined },
      { token },
    );
    expect(await runWith(kubeconfig, [], { SSL_CERT_FILE: authorityFile })).toEqual(works);
    const untrusted = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(await runWith(kubeconfig, [], untrusted)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining("can't be reached: "),
    });
  });

  test('may need another name for the certificate than the one it is reached by', async () => {
    const proxy = await startApiServerProxy();
    try {
      const named = { server: proxy.address, 'tls-server-name': 'kubernetes.default.svc' };
      expect(await runWith(await writeKubeconfig('named', named, { token }))).toEqual(works);
      const unnamed = await writeKubeconfig('unnamed', { server: proxy.address }, { token });
      expect(await runWith(unnamed)).toMatchObject({
        code: 125,
        stderr: expect.stringMatching(/can't be reached: .*altnames/),
      });
      expect(await runWith(unnamed, ['--tls-server-name', 'localhost'])).toEqual(works);
      expect(await runWith(unnamed, ['--certificate-authority', '', '--insecure-skip-tls-verify'])).toEqual(
        works,
      );
    } finally {
      proxy.close();
    }
  });

  test('may answer nothing: a request ends at its limit', async () => {
    const silent = createServer(() => undefined);
    const cluster = { server: `https://127.0.0.1:${await listen(silent)}` };
    try {
      const kubeconfig = await writeKubeconfig('silent', cluster, { token });
      const startedAt = performance.now();
      expect(await runWith(kubeconfig, ['--request-timeout', '1s'])).toMatchObject({
        code: 125,
        stderr: expect.stringMatching(/did not answer within 1 s/),
      });
      expect(performance.now() - startedAt).toBeLessThan(5000);
    } finally {
      silent.close();
    }
  });

  test('may be shut: it says so, and what to look at', async () => {
    const kubeconfig = await writeKubeconfig('shut', { server: 'https://127.0.0.1:1' }, { token });
    expect(await runWith(kubeconfig)).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(
        /^error: the API server 127\.0\.0\.1:1 can't be reached: .*\nCheck the context/,
      ),
    });
  });
});

describe('a proxy that drops the name of the websocket’s subprotocol', () => {
  const names = ['sec-websocket-protocol'];
  const script = 'cat; echo of the command >&2; exit 7';
  let proxy: RequestFaultServer;
  let target: string[];

  beforeAll(async () => {
    proxy = await startRequestFaultServer();
    target = ['musl', '-n', 'targets', '-q', ...proxy.flags];
  });

  afterAll(() => proxy.close());

  test.each([
    ['of the request', { ofRequest: names }],
    ['of the answer', { ofAnswer: names }],
    ['of both', { ofRequest: names, ofAnswer: names }],
  ])('%s, is one that kubectl gets through, and so do we, with every byte', async (_what, drop) => {
    proxy.behaviour = { drop };
    const input = randomBytes(4_000_000);
    const exec = ['exec', 'musl', '-n', 'targets', '-i', ...proxy.flags, '--', 'sh', '-c', script];
    const runs = [
      await runKubectl(exec, { input }),
      await runCrashcart([...target, '-i', '--', 'sh', '-c', script], { input }),
    ];
    for (const { code, stdout, stderr } of runs) {
      expect(code).toBe(7);
      expect(stderr).toMatch(/^of the command\n/);
      expect({ bytes: stdout.length, hash: hash(stdout) }).toEqual({
        bytes: input.length,
        hash: hash(input),
      });
    }
  });

  test('is one that a session comes back through, and is left and attached to', async () => {
    proxy.behaviour = { drop: { ofRequest: names, ofAnswer: names } };
    const { client, ended } = await startClient([...target, '-i'], 'echo started; cat; exit 7');
    await waitForOutput(client);
    proxy.cut();
    client.stdin.end('after the cut\n');
    const { code, stdout } = await ended;
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 7, stdout: 'started\nafter the cut\n' });
    const left = await runCrashcart([...target, '--detach', '--', 'bash', '-c', 'echo left; exit 6']);
    const attached = await runCrashcart(['attach', left.stdout.toString().trim(), ...proxy.flags]);
    expect(attached).toEqual({ code: 6, stdout: Buffer.from('left\n'), stderr: '' });
  });
});

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
