import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionFlags } from './connection-options.ts';
import { readUserAgain } from './pinned-user.ts';
import { loadKubeconfig, selectFrom, type Selection } from './selection.ts';
import { describeServiceAccount } from './service-account.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crashcart-kubeconfig-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const lab = { name: 'lab', cluster: { server: 'https://lab:6443' } };
const ada = { name: 'ada', user: { token: 'of-ada' } };
const context = { name: 'lab', context: { cluster: 'lab', user: 'ada', namespace: 'apps' } };
const whole = { clusters: [lab], users: [ada], contexts: [context], 'current-context': 'lab' };
let files = 0;

function write(config: unknown, name = `config-${++files}`): string {
  const path = join(directory, name);
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  return path;
}

const noFlags: ConnectionFlags = { asGroup: [], asUserExtra: [], requestTimeoutMs: 0 };

function select(paths: string[], flags: Partial<ConnectionFlags> = {}): Selection {
  const given = { ...noFlags, ...flags };
  return selectFrom(loadKubeconfig(given, { KUBECONFIG: paths.join(':'), HOME: directory }), given);
}

describe('what is not selected need not be whole:', () => {
  test.each<[string, object]>([
    ['a context without a cluster', { contexts: [{ name: 'half', context: { namespace: 'dev' } }, context] }],
    ['a context that is null', { contexts: [{ name: 'half', context: null }, context] }],
    ['a context without a name', { contexts: [{ context: {} }, context] }],
    ['an entry that is null', { contexts: [null, context], users: [null, ada], clusters: [null, lab] }],
    ['an entry that is a text', { users: ['ada', ada] }],
    ['a cluster without a server', { clusters: [{ name: 'half', cluster: {} }, lab] }],
    ['a cluster that is null', { clusters: [{ name: 'half', cluster: null }, lab] }],
    [
      'a cluster whose CA is not base64',
      { clusters: [{ name: 'x', cluster: { 'certificate-authority-data': '*' } }, lab] },
    ],
    ['a user whose tokenFile is gone', { users: [{ name: 'eve', user: { tokenFile: '/gone' } }, ada] }],
    ['a user that is null', { users: [{ name: 'eve', user: null }, ada] }],
    ['a user with fields of the wrong type', { users: [{ name: 'eve', user: { token: { a: 1 } } }, ada] }],
    ['a plugin without a command', { users: [{ name: 'eve', user: { exec: {} } }, ada] }],
    [
      'an auth-provider that is gone',
      { users: [{ name: 'e', user: { 'auth-provider': { name: 'gcp' } } }, ada] },
    ],
    ['preferences that are odd', { preferences: [1] }],
  ])('%s', (_what, other) => {
    expect(select([write({ ...whole, ...other })])).toMatchObject({
      context: 'lab',
      namespace: 'apps',
      cluster: { server: 'https://lab:6443' },
      user: { token: 'of-ada' },
    });
  });
});

describe('what is selected is refused when', () => {
  test.each<[string, object, Partial<ConnectionFlags>, string]>([
    ['the context does not exist', {}, { context: 'lap' }, 'context "lap" does not exist'],
    ['the current context does not exist', { 'current-context': 'x' }, {}, 'context "x" does not exist'],
    ['no context is selected', { 'current-context': '' }, {}, 'no context is selected'],
    ['the cluster does not exist', {}, { cluster: 'x' }, 'cluster "x" does not exist'],
    ['the user does not exist', {}, { user: 'x' }, 'user "x" does not exist'],
    ['the context names a user who does not exist', { users: [] }, {}, 'user "ada" does not exist'],
    ['the context names a cluster that does not exist', { clusters: [] }, {}, 'cluster "lab" does not exist'],
    [
      'the context names no cluster',
      { contexts: [{ name: 'lab', context: {} }] },
      {},
      'the context "lab" names no cluster',
    ],
    [
      'a field has the wrong type',
      { users: [{ name: 'ada', user: { token: { secret: 'x' } } }] },
      {},
      'wrong type: token',
    ],
  ])('%s', (_what, other, flags, message) => {
    expect(() => select([write({ ...whole, ...other })], flags)).toThrow(message);
  });

  test('it is not a kubeconfig', () => {
    for (const text of ['[1]', 'just text', 'kind: Pod'])
      expect(() => select([write(text)])).toThrow(/is not a kubeconfig$/);
  });
});

describe('several kubeconfigs', () => {
  test('are merged: for each name the first one counts', () => {
    const second = {
      clusters: [{ name: 'lab', cluster: { server: 'https://other', 'proxy-url': 'http://p' } }],
      users: [
        { name: 'ada', user: { username: 'x' } },
        { name: 'eve', user: { token: 'of-eve' } },
      ],
      'current-context': 'other',
    };
    const paths = [write(''), join(directory, 'missing'), write(whole), write(second)];
    expect(select(paths)).toMatchObject({
      context: 'lab',
      cluster: { server: 'https://lab:6443', 'proxy-url': '' },
      user: { token: 'of-ada', username: '' },
    });
    expect(select(paths, { user: 'eve' })).toMatchObject({ user: { token: 'of-eve' } });
  });

  test('may have context, cluster and user each in their own', () => {
    const parts = [{ contexts: [context], 'current-context': 'lab' }, { clusters: [lab] }, { users: [ada] }];
    expect(select(parts.map((part) => write(part)))).toMatchObject({ user: { token: 'of-ada' } });
  });

  test('are refused by the one that can’t be read', () => {
    mkdirSync(join(directory, 'folder'), { recursive: true });
    expect(() => select([join(directory, 'folder'), write(whole)])).toThrow(
      `the kubeconfig ${directory}/folder can't be read: it is a directory`,
    );
    const broken = write('users: [');
    expect(() => select([write(whole), broken])).toThrow(`${broken}:1:`);
  });

  test('have paths relative to their own folders', () => {
    mkdirSync(join(directory, 'sub'), { recursive: true });
    const user = { 'client-certificate': 'ada.crt', tokenFile: '../token', exec: { command: './login' } };
    const path = write({ ...whole, users: [{ name: 'ada', user }] }, 'sub/config');
    expect(select([path]).user).toMatchObject({
      'client-certificate': join(directory, 'sub/ada.crt'),
      tokenFile: join(directory, 'token'),
      exec: { command: join(directory, 'sub/login') },
    });
    const plain = write({ ...whole, users: [{ name: 'ada', user: { exec: { command: 'login' } } }] });
    expect(select([plain]).user.exec?.command).toBe('login');
  });
});

describe('flags', () => {
  test('that say who asks replace what the kubeconfig says', () => {
    const user = { tokenFile: '/gone', exec: { command: 'x' }, 'auth-provider': { name: 'gcp' }, as: 'jane' };
    const path = write({ ...whole, users: [{ name: 'ada', user }] });
    const replaced = { tokenFile: '', exec: null, 'auth-provider': null, as: 'jane' };
    expect(select([path], { token: 't' }).user).toMatchObject({ ...replaced, token: 't' });
    const basic = { username: 'u', password: 'p' };
    expect(select([path], basic).user).toMatchObject({ ...replaced, ...basic, token: '' });
    expect(select([write({ ...whole, users: [] })], { token: 't' }).user.token).toBe('t');
  });

  test('add what is impersonated', () => {
    const asUserExtra = ['scopes=view', 'reason=a=b', 'scopes=dev'];
    expect(
      select([write(whole)], { as: 'jane', asGroup: ['g'], asUID: '7', asUserExtra }).user,
    ).toMatchObject({
      as: 'jane',
      'as-groups': ['g'],
      'as-uid': '7',
      'as-user-extra': { scopes: ['view', 'dev'], reason: ['a=b'] },
    });
  });

  test('of the server replace what the kubeconfig says of its certificate', () => {
    const cluster = {
      ...lab.cluster,
      'certificate-authority-data': 'QQ==',
      'tls-server-name': 'lab',
      'insecure-skip-tls-verify': false,
    };
    const path = write({ ...whole, clusters: [{ name: 'lab', cluster }] });
    expect(select([path], { server: 'https://other' }).cluster).toMatchObject({
      server: 'https://other',
      'tls-server-name': '',
      'certificate-authority-data': 'QQ==',
    });
    expect(select([path], { insecureSkipTLSVerify: true }).cluster).toMatchObject({
      'certificate-authority-data': '',
      'insecure-skip-tls-verify': true,
    });
    expect(select([path], { certificateAuthority: '/ca' }).cluster).toMatchObject({
      'certificate-authority-data': '',
      'certificate-authority': '/ca',
    });
    expect(select([path], { proxyURL: 'http://p' }).cluster['proxy-url']).toBe('http://p');
  });
});

describe('a user that is read again', () => {
  const again = (selection: Selection) => readUserAgain(selection, noFlags);

  test('has what the file says by now, whatever is the current context', () => {
    const path = write(whole);
    const selection = select([path]);
    const eve = { name: 'eve', user: { token: 'of-eve' } };
    const users = [eve, { name: 'ada', user: { token: 'new' } }];
    const others = [{ name: 'other', context: { cluster: 'lab', user: 'eve' } }];
    writeFileSync(path, JSON.stringify({ ...whole, users, contexts: others, 'current-context': 'other' }));
    expect(again(selection)).toMatchObject({ token: 'new' });
  });

  test('is never another cluster’s', () => {
    const path = write(whole);
    const selection = select([path]);
    const clusters = [{ name: 'lab', cluster: { server: 'https://elsewhere' } }];
    writeFileSync(
      path,
      JSON.stringify({ ...whole, clusters, users: [{ name: 'ada', user: { token: 'theirs' } }] }),
    );
    expect(again(selection)).toBeNull();
  });

  test.each<[string, (path: string) => void]>([
    ['gone', (path) => unlinkSync(path)],
    ['empty', (path) => writeFileSync(path, '')],
    ['half written', (path) => writeFileSync(path, JSON.stringify(whole).slice(0, 100))],
    ['a directory', (path) => (unlinkSync(path), mkdirSync(path))],
    ['a pipe', (path) => (unlinkSync(path), execFileSync('mkfifo', [path]))],
  ])('is not known when the file is %s by now', (_how, change) => {
    const path = write(whole);
    const selection = select([path]);
    change(path);
    expect(again(selection)).toBeNull();
  });

  test('is what a pipe said, which can be read only once', () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    execFileSync('sh', [
      '-c',
      `(printf %s "$1" > "$2") > /dev/null 2>&1 &`,
      'sh',
      JSON.stringify(whole),
      path,
    ]);
    const selection = select([path]);
    expect(select([path]).user.token).toBe('of-ada');
    expect(again(selection)).toMatchObject({ token: 'of-ada' });
  });
});

test('without a kubeconfig, a pod has its service account', () => {
  const folder = join(directory, 'account');
  mkdirSync(folder);
  writeFileSync(join(folder, 'token'), 't');
  writeFileSync(join(folder, 'namespace'), 'apps\n');
  const environment = {
    HOME: '/nowhere',
    KUBERNETES_SERVICE_HOST: 'fd00::1',
    KUBERNETES_SERVICE_PORT: '443',
  };
  const account = describeServiceAccount(environment, folder);
  expect(account && selectFrom(account, noFlags)).toMatchObject({
    namespace: 'apps',
    cluster: { server: 'https://[fd00::1]:443', 'certificate-authority': `${folder}/ca.crt` },
    user: { tokenFile: `${folder}/token` },
  });
  expect(describeServiceAccount(environment, directory)).toBeNull();
  expect(() => loadKubeconfig(noFlags, environment)).toThrow('no kubeconfig was found');
});
