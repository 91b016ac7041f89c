import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runKubectl } from './harness/command-run.ts';
import { type IdentityServer, makeCertificate, startIdentityServer } from './harness/identity-server.ts';
import { answer, apiVersion, makeIDToken, oidc, plugin, secret } from './harness/made-up-users.ts';
import { UserTerminal } from './harness/user-terminal.ts';

let directory: string;
let server: IdentityServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-log-in-'));
  server = await startIdentityServer(directory);
  makeCertificate(join(directory, 'ada.key'), join(directory, 'ada.crt'), ['-subj', '/CN=ada']);
  makeCertificate(join(directory, 'eve.key'), join(directory, 'eve.crt'), ['-subj', '/CN=eve']);
  const locked = ['-aes256', '-passout', `pass:${secret}`, '-out', join(directory, 'locked.key')];
  execFileSync('openssl', ['pkey', '-in', join(directory, 'ada.key'), ...locked], { stdio: 'ignore' });
  await write('token', `${secret}-file\n`);
  await mkdir(join(directory, 'sub'));
  await writePlugin(
    'sub/plugin.sh',
    `echo "$KUBERNETES_EXEC_INFO" > '${directory}/asked'; ${answer(`${secret}-plugin`)}`,
  );
});

afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

async function write(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function writePlugin(name: string, script: string): Promise<void> {
  await chmod(await write(name, `#!/bin/sh\n${script}\n`), 0o755);
}

interface Row {
  what: string;
  user?: () => object | null;
  /** Of the cluster's entry. */
  cluster?: object;
  /** Of the whole file, over what the row would have. */
  config?: object;
  /** Changes the file's text. */
  text?: (text: string) => string;
  flags?: string[];
}

async function writeKubeconfig({ user = () => ({ token: `${secret}-token` }), cluster, config, text }: Row) {
  const lab = { server: server.address, 'certificate-authority': server.authority, ...cluster };
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: lab }],
    users: [{ name: 'ada', user: user() }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'ada' } }],
    'current-context': 'lab',
    ...config,
  };
  const json = JSON.stringify(content, null, 1);
  return await write('config', text ? text(json) : json);
}

/** Runs kubectl, and the plugin at its most talkative. */
async function runBoth(row: Row) {
  const env = { KUBECONFIG: await writeKubeconfig(row), KUBERNETES_SERVICE_HOST: '' };
  const flags = row.flags ?? [];
  server.takeIdentities();
  const kubectl = await runKubectl(['get', '--raw', '/api/v1/pods', ...flags], { env });
  const theirs = server.takeIdentities();
  const ours = await runKubectl(['crashcart', 'sessions', '-o', 'json', '-v', '9', ...flags], { env });
  expect(`${ours.stdout.toString()}${ours.stderr}`).not.toContain(secret);
  return { kubectl, theirs, crashcart: ours, ours: server.takeIdentities() };
}

const half = {
  contexts: [
    { name: 'half', context: { namespace: 'dev' } },
    { name: 'lab', context: { cluster: 'lab', user: 'ada' } },
  ],
};
const withUser = (other: object) => ({
  users: [
    { name: 'other', user: other },
    { name: 'ada', user: { token: `${secret}-token` } },
  ],
});

describe('the API server gets the credentials that kubectl sends:', () => {
  const rows: Row[] = [
    { what: 'a token' },
    {
      what: 'a token, to a server that is verified by another address',
      cluster: { 'tls-server-name': '127.0.0.2' },
    },
    { what: 'a token in a file', user: () => ({ tokenFile: 'token' }) },
    { what: 'a token in a file before one beside it', user: () => ({ tokenFile: 'token', token: 'beside' }) },
    { what: 'a token beside a file that is gone', user: () => ({ tokenFile: 'gone', token: secret }) },
    { what: 'a name and a password', user: () => ({ username: 'ada', password: `${secret}:ü` }) },
    { what: 'a certificate', user: () => ({ 'client-certificate': 'ada.crt', 'client-key': 'ada.key' }) },
    {
      what: 'a certificate and a token',
      user: () => ({ 'client-certificate': 'ada.crt', 'client-key': 'ada.key', token: secret }),
    },
    { what: 'a token before a plugin', user: () => ({ token: secret, ...plugin('exit 1') }) },
    { what: 'a valid id-token', user: () => oidc({ 'id-token': makeIDToken(600) }) },
    { what: 'what a plugin answers', user: () => plugin(answer(secret)) },
    {
      what: 'what a plugin of v1beta1 answers',
      user: () =>
        plugin(answer(secret, '', `${apiVersion}beta1`), {
          apiVersion: `${apiVersion}beta1`,
          interactiveMode: undefined,
        }),
    },
    {
      what: 'what a plugin answers that reads stdin',
      user: () => plugin(`read x; ${answer(secret)}`, { interactiveMode: 'IfAvailable' }),
    },
    { what: 'what a plugin answers that warns', user: () => plugin(`echo careful >&2; ${answer(secret)}`) },
    {
      what: 'what a plugin beside the kubeconfig answers',
      user: () => plugin('', { command: './sub/plugin.sh', args: null }),
    },
    {
      what: 'what a plugin answers that is told the cluster',
      user: () =>
        plugin(`case "$KUBERNETES_EXEC_INFO" in *'"server":"${server.address}"'*) ${answer(secret)};; esac`, {
          provideClusterInfo: true,
        }),
    },
    {
      what: 'what a plugin answers to its environment',
      user: () => plugin(answer('$WORD'), { env: [{ name: 'WORD', value: secret }] }),
    },
    {
      what: 'an identity that is impersonated',
      user: () => ({
        token: secret,
        as: 'jane',
        'as-uid': '7',
        'as-groups': ['g', 'h'],
        'as-user-extra': { 'a/b': ['c', 'd'] },
      }),
    },
    {
      what: 'an identity that flags impersonate',
      flags: [
        '--as',
        'jane',
        '--as-group',
        'g',
        '--as-uid',
        '7',
        '--as-user-extra',
        'why=a=b',
        '--as-user-extra',
        'why=c',
      ],
    },
    { what: 'a token of a flag', user: () => ({}), flags: ['--token', secret] },
    {
      what: 'a name and a password of flags',
      user: () => ({}),
      flags: ['--username', 'ada', '--password', secret],
    },
    {
      what: 'a token, beside flags that are kubectl’s own',
      flags: [
        '--cache-dir',
        '/tmp/x',
        '--match-server-version=false',
        '--disable-compression',
        '--profile',
        'none',
        '--warnings-as-errors',
        '--kuberc',
        '',
      ],
    },
    { what: 'a token, beside a half-made context', config: half },
    {
      what: 'a token, beside a context that is null',
      config: { contexts: [{ name: 'x', context: null }, ...half.contexts] },
    },
    { what: 'a token, beside a user whose tokenFile is gone', config: withUser({ tokenFile: '/gone' }) },
    { what: 'a token, beside a user of gcp', config: withUser({ 'auth-provider': { name: 'gcp' } }) },
    { what: 'a token, from the first of two documents', text: (text) => `${text}\n---\nkind: Pod\n` },
  ];

  test.each(rows)('$what', async (row) => {
    const { kubectl, theirs, crashcart, ours } = await runBoth(row);
    for (const { code, stderr } of [kubectl, crashcart])
      expect({ code, said: code === 0 ? '' : stderr }).toEqual({ code: 0, said: '' });
    expect(theirs).toHaveLength(1);
    expect(ours).toEqual(theirs);
  });

  test('a plugin is asked as kubectl asks it', async () => {
    const user = () => plugin('', { command: 'sub/plugin.sh', args: null, provideClusterInfo: true });
    const extension = { audience: 'lab', level: 5 };
    const cluster = {
      'tls-server-name': 'server.lab',
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension }],
    };
    const env = { KUBECONFIG: await writeKubeconfig({ what: '', user, cluster }) };
    const asked: unknown[] = [];
    for (const args of [
      ['get', '--raw', '/api/v1/pods'],
      ['crashcart', 'sessions'],
    ]) {
      expect(await runKubectl(args, { env })).toMatchObject({ code: 0 });
      asked.push(JSON.parse(await readFile(join(directory, 'asked'), 'utf8')));
    }
    expect(asked[1]).toEqual(asked[0]);
  });

  test('what a plugin answers once the API server has refused its first answer', async () => {
    const runs = await write('runs', '');
    const user = () => plugin(`echo x >> ${runs}; ${answer(`$(wc -l < ${runs})`)}`);
    server.refused.add('Bearer 1');
    const env = { KUBECONFIG: await writeKubeconfig({ what: '', user }) };
    expect(await runKubectl(['crashcart', 'sessions'], { env })).toMatchObject({ code: 0 });
    expect(server.takeIdentities().at(-1)).toMatchObject({ authorization: 'Bearer 2' });
  });
});

describe('nothing is sent by either, and we say why, for', () => {
  const rows: (Row & { says: RegExp })[] = [
    { what: 'a user without credentials', user: () => ({}), says: /the user "ada" has no credentials/ },
    { what: 'a user who does not exist', config: { users: [] }, says: /user "ada" does not exist/ },
    {
      what: 'a certificate without its key',
      user: () => ({ 'client-certificate': 'ada.crt' }),
      says: /without its key/,
    },
    {
      what: 'a key of another certificate',
      user: () => ({ 'client-certificate': 'ada.crt', 'client-key': 'eve.key' }),
      says: /does not belong to its client certificate/,
    },
    {
      what: 'a key with a password',
      user: () => ({ 'client-certificate': 'ada.crt', 'client-key': 'locked.key' }),
      says: /the client key of the user "ada" is encrypted/,
    },
    {
      what: 'a token and a password',
      user: () => ({ token: secret, username: 'a', password: secret }),
      says: /only one of the two/,
    },
    {
      what: 'the auth-provider gcp',
      user: () => ({ 'auth-provider': { name: 'gcp' } }),
      says: /"gcp" of the user "ada" has been removed.*\n.*gke-gcloud-auth-plugin/,
    },
    {
      what: 'the auth-provider azure',
      user: () => ({ 'auth-provider': { name: 'azure' } }),
      says: /"azure" .* has been removed.*\n.*kubelogin/,
    },
    {
      what: 'an unknown auth-provider',
      user: () => ({ 'auth-provider': { name: 'odd' } }),
      says: /does not exist: "odd"/,
    },
    {
      what: 'an id-token that has expired',
      user: () => oidc({ 'id-token': makeIDToken(-5) }),
      says: /the id-token of the user "ada" has expired/,
    },
    { what: 'groups of nobody', user: () => ({ token: secret, 'as-groups': ['g'] }), says: /but no user/ },
    {
      what: 'a CA that is not base64',
      cluster: { 'certificate-authority': undefined, 'certificate-authority-data': '***' },
      says: /certificate-authority-data of the cluster "lab" is not base64/,
    },
    {
      what: 'a CA that is not PEM',
      cluster: { 'certificate-authority': undefined, 'certificate-authority-data': 'aGVsbG8K' },
      says: /of the cluster "lab" has no certificate in PEM/,
    },
    {
      what: 'a plugin that is not installed',
      user: () => plugin('', { command: 'no-such-plugin', installHint: 'Get it there.' }),
      says: /"no-such-plugin" is not installed\nGet it there\./,
    },
    {
      what: 'a plugin that fails',
      user: () => plugin('echo no network >&2; exit 7'),
      says: /no network\nerror: the credential plugin "sh" failed with exit code 7/,
    },
    {
      what: 'a plugin that prints no JSON',
      user: () => plugin(`echo ${secret}`),
      says: /"sh" printed something that is not JSON/,
    },
    { what: 'a plugin that prints nothing', user: () => plugin('exit 0'), says: /"sh" printed nothing/ },
    {
      what: 'a plugin without a status',
      user: () => plugin(`echo '{"kind":"ExecCredential","apiVersion":"${apiVersion}"}'`),
      says: /"sh" printed no credentials/,
    },
    {
      what: 'a plugin of another API version',
      user: () => plugin(answer(secret, '', `${apiVersion}beta1`)),
      says: /answered in another API version/,
    },
    {
      what: 'a plugin of a version that is gone',
      user: () => plugin('', { apiVersion: `${apiVersion}alpha1` }),
      says: /v1alpha1/,
    },
    {
      what: 'a plugin without interactiveMode',
      user: () => plugin('', { interactiveMode: undefined }),
      says: /has no interactiveMode/,
    },
    {
      what: 'a plugin that needs a terminal',
      user: () => plugin(answer(secret), { interactiveMode: 'Always' }),
      says: /needs a terminal, and stdin is not a terminal/,
    },
    {
      what: 'a mistake beside a token',
      text: () => `users:\n- user:\n    token: ${secret}\n   name: ada\n`,
      says: /config:4:\d+: /,
    },
    {
      what: 'a file that is not a kubeconfig',
      text: () => 'kind: Pod\napiVersion: v1\n',
      says: /config is not a kubeconfig/,
    },
  ];

  test.each(rows)('$what', async (row) => {
    const { kubectl, crashcart, theirs, ours } = await runBoth(row);
    expect(kubectl.code).not.toBe(0);
    expect(crashcart).toMatchObject({ code: 125, stderr: expect.stringMatching(row.says) });
    expect([...theirs, ...ours]).toEqual([]);
  });
});

test('a plugin asks the user on the terminal, as it does for kubectl', async () => {
  const script = `printf 'Password: ' >&2; read word; ${answer('$word')}`;
  const kubeconfig = await writeKubeconfig({
    what: '',
    user: () => plugin(script, { interactiveMode: 'Always' }),
  });
  for (const command of ['get --raw /api/v1/pods', 'crashcart sessions']) {
    server.takeIdentities();
    const terminal = await UserTerminal.open(`KUBECONFIG=${kubeconfig} kubectl ${command} > /dev/null`);
    await terminal.waitFor(/Password: /);
    terminal.press('typed\r');
    expect(await terminal.waitForExit()).toBe(0);
    expect(server.takeIdentities()).toMatchObject([{ authorization: 'Bearer typed' }]);
    await terminal.close();
  }
});
