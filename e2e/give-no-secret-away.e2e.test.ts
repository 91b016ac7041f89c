import { readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { startHTTPProxy } from '../src/cluster/testing/proxy-servers.ts';
import { getUserEnvironment, runCrashcart } from './harness/command-run.ts';
import { createInstrumentedPlugin } from './harness/instrumented-plugin.ts';
import { answer, apiVersion, plugin } from './harness/made-up-users.ts';
import { prepareSessionFiles, type SessionFiles } from './harness/session-files.ts';
import { createObjects, expectSuccess } from './harness/test-namespace.ts';
import { getTestedCluster } from './harness/tested-cluster.ts';

const agents = 'give-no-secret-away';
const selector = 'app.kubernetes.io/name=crashcart';
const planted = 'pl4nted/s3cret+';
const kubeconfigSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.string() }) }),
  ]),
  users: z.tuple([
    z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }),
  ]),
});

let files: SessionFiles;
let cluster: { server: string; 'certificate-authority-data': string };
let admin: { 'client-certificate-data': string; 'client-key-data': string };
/** One that the API server takes. */
let token: string;

beforeAll(async () => {
  files = await prepareSessionFiles(agents);
  const { kubeconfig } = await getTestedCluster();
  const { clusters, users } = kubeconfigSchema.parse(JSON.parse(await readFile(kubeconfig, 'utf8')));
  cluster = clusters[0].cluster;
  admin = users[0].user;
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: agents };
  await removeBinding();
  await createObjects([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, namespace: agents } },
    {
      ...{ apiVersion: `${apiGroup}/v1`, kind: 'ClusterRoleBinding', metadata },
      subjects: [{ kind: 'ServiceAccount', name: agents, namespace: agents }],
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
    },
  ]);
  token = (await expectSuccess(['create', 'token', agents, '-n', agents])).trim();
}, 60_000);

afterAll(async () => {
  await removeBinding();
  await files.remove();
}, 60_000);

const removeBinding = () => expectSuccess(['delete', 'clusterrolebinding', agents, '--ignore-not-found']);

interface Row {
  where: string;
  user?: () => object;
  flags?: () => string[];
  env?: () => NodeJS.ProcessEnv;
  cluster?: () => object;
  /** Must not be seen. */
  secret: () => string;
}

const decode = (text: string) => Buffer.from(text, 'base64').toString();
/** The middle of a key, as PEM has it. */
const findKeyLine = () => decode(admin['client-key-data']).split('\n')[1] ?? '';
const script = (words: string) => ({ args: ['-c', words, 'sh', token] });
let proxyPort = 0;

const rows: Row[] = [
  { where: 'a token in the kubeconfig', user: () => ({ token }), secret: () => token },
  {
    where: 'a token in a file',
    user: () => ({ tokenFile: join(files.directory, 'token') }),
    secret: () => token,
  },
  { where: 'a token of a flag', user: () => ({}), flags: () => ['--token', token], secret: () => token },
  { where: 'a key in the kubeconfig', user: () => admin, secret: findKeyLine },
  { where: 'the key of the kubeconfig in base64', user: () => admin, secret: () => admin['client-key-data'] },
  { where: 'a plugin’s token', user: () => plugin(answer(token)), secret: () => token },
  { where: 'a plugin’s arguments', user: () => plugin('', script(answer('$1'))), secret: () => token },
  {
    where: 'a plugin’s environment',
    user: () => plugin(answer('$WORD'), { env: [{ name: 'WORD', value: token }] }),
    secret: () => token,
  },
  {
    where: 'a plugin’s key',
    user: () => {
      const { 'client-certificate-data': cert, 'client-key-data': key } = admin;
      const status = { clientCertificateData: decode(cert), clientKeyData: decode(key) };
      const text = JSON.stringify({ kind: 'ExecCredential', apiVersion, status });
      return plugin('printf %s "$ANSWER"', { env: [{ name: 'ANSWER', value: text }] });
    },
    secret: findKeyLine,
  },
  {
    where: 'the password of the kubeconfig’s proxy',
    user: () => admin,
    cluster: () => ({ 'proxy-url': `http://ada:${encodeURIComponent(planted)}@127.0.0.1:${proxyPort}` }),
    secret: () => planted,
  },
  {
    where: 'the password of the environment’s proxy',
    user: () => admin,
    cluster: () => ({ server: 'https://api.lab.invalid:6443', 'tls-server-name': 'localhost' }),
    env: () => ({ HTTPS_PROXY: `http://ada:${encodeURIComponent(planted)}@127.0.0.1:${proxyPort}` }),
    secret: () => planted,
  },
  {
    where: 'a variable of the session',
    user: () => admin,
    flags: () => ['--env', `WORD=${planted}`],
    secret: () => planted,
  },
  {
    where: 'a variable of the user, passed on',
    user: () => admin,
    flags: () => ['--env', 'WORD'],
    env: () => ({ WORD: planted }),
    secret: () => planted,
  },
  {
    where: 'a password in the server’s address',
    user: () => admin,
    cluster: () => ({ server: cluster.server.replace('//', `//ada:${encodeURIComponent(planted)}@`) }),
    secret: () => planted,
  },
];

/** Runs a session that tells and records all that it can. */
async function run(row: Row, more: { cluster?: object; env?: NodeJS.ProcessEnv } = {}) {
  const config = join(files.directory, 'config');
  const recording = join(files.directory, 'recording');
  await writeFile(join(files.directory, 'token'), token);
  const content = {
    clusters: [{ name: 'lab', cluster: { ...cluster, ...row.cluster?.(), ...more.cluster } }],
    users: [{ name: 'ada', user: row.user?.() }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'ada' } }],
    'current-context': 'lab',
  };
  await writeFile(config, JSON.stringify(content));
  await rm(recording, { force: true });
  const talkative = { NODE_DEBUG: 'http,https,http2,tls,net,child_process', DEBUG: '*' };
  const { code, stdout, stderr } = await runCrashcart(
    [
      ...['musl', '-n', 'targets', '--agent-namespace', agents, '-v', '9', '--record', recording],
      ...[...(row.flags?.() ?? []), '--', 'sh', '-c', 'echo done; exit 4'],
    ],
    { env: { KUBECONFIG: config, ...talkative, ...row.env?.(), ...more.env } },
  );
  const recorded = await readFile(recording, 'utf8').catch(() => '');
  const seen = [stdout.toString(), stderr, recorded].join('\n');
  return { code, stderr, recorded, seen };
}

/** As it is, and as it is written in headers and addresses. */
const writeForms = (secret: string) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(`ada:${secret}`).toString('base64'),
];

describe('nothing that is told, recorded or logged shows', () => {
  let proxy: Awaited<ReturnType<typeof startHTTPProxy>>;
  /** With a plugin that has a defect. */
  let crashing: string;

  beforeAll(async () => {
    const server = new URL(cluster.server);
    proxy = await startHTTPProxy(() => [server.hostname, Number(server.port)], {
      credentials: `ada:${planted}`,
    });
    proxyPort = proxy.port;
    // A defect of ours, after the first request has been sent with all that is secret.
    const defect = `import https from 'node:https';
      import { syncBuiltinESMExports } from 'node:module';
      const { request } = https;
      https.request = (...args) => { process.nextTick(() => { throw new Error('planted defect'); }); return request(...args); };
      syncBuiltinESMExports();`;
    const file = join(files.directory, 'defect.mjs');
    await writeFile(file, defect);
    const folder = await createInstrumentedPlugin(files.directory, ['--import', file]);
    crashing = [folder, (await getUserEnvironment()).PATH].join(delimiter);
  });

  afterAll(() => proxy.close());

  test.each(rows)('$where', async (row) => {
    const worked = await run(row);
    const untrusted = await run(row, { cluster: { 'tls-server-name': 'other.invalid' } });
    const crashed = await run(row, { env: { PATH: crashing, NODE_DEBUG: '', DEBUG: '' } });
    const log = await expectSuccess(['logs', '-n', agents, '--tail=-1', '-l', selector]);
    const seen = { worked: worked.seen, untrusted: untrusted.seen, crashed: crashed.seen, log };
    const shows = Object.entries(seen).flatMap(([what, text]) =>
      writeForms(row.secret()).flatMap((form) => (text.includes(form) ? [`${what}: ${form}`] : [])),
    );
    expect(shows).toEqual([]);
    // Each has said something.
    expect([worked, untrusted, crashed].map(({ code }) => code)).toEqual([4, 125, 125]);
    expect(worked.stderr).toContain('Request headers:');
    expect(worked.recorded).toContain('done');
    expect(untrusted.stderr).toContain('altnames');
    expect(crashed.stderr).toMatch(/^error: unexpected: .*planted defect[^]*This is a defect/m);
    expect(log).toContain('tunnel');
  });
});
