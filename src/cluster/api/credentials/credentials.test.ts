import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEmptyCluster, readUser, type UserEntry } from '../kubeconfig/kubeconfig-entries.ts';
import { type Credentials, RenewedCredentials } from './credentials.ts';
import { makeImpersonation } from './impersonation.ts';
import { createCredentialSource } from './user-credentials.ts';

const secret = 's3cret-t0ken';
const never = new AbortController().signal;
const surroundings = { environment: process.env, lendTerminal: null, stderr: { write: () => true } };
let directory: string;
let files: Record<'key' | 'cert' | 'otherKey' | 'encryptedKey' | 'tokens', string>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crashcart-credentials-'));
  const path = (name: string) => join(directory, name);
  files = {
    ...{ key: path('key'), cert: path('cert'), otherKey: path('other'), encryptedKey: path('encrypted') },
    tokens: path('tokens'),
  };
  const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' });
  openssl('genpkey', ...curve, '-out', files.key);
  openssl('genpkey', ...curve, '-out', files.otherKey);
  openssl('pkey', '-in', files.key, '-aes256', '-passout', `pass:${secret}`, '-out', files.encryptedKey);
  openssl('req', '-x509', '-key', files.key, '-subj', '/CN=ada', '-out', files.cert);
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => writeFileSync(files.tokens, '0'));

function describeUser(fields: object): UserEntry {
  return readUser({ name: 'ada', fields, file: join(directory, 'config') });
}

function create(user: UserEntry, readUserAgain: () => UserEntry | null = () => user): Credentials {
  return new RenewedCredentials({
    base: { agent: undefined as never, headers: makeImpersonation(user) },
    user,
    createSource: (entry) =>
      createCredentialSource(entry, 'the user "ada"', makeEmptyCluster(), surroundings, null),
    readUserAgain,
  });
}

async function authorize(fields: object): Promise<unknown> {
  const { headers, cert, key } = await create(describeUser(fields)).prepare(never);
  return { ...headers, ...(cert !== undefined && { cert, key }) };
}

/** A plugin that counts its runs, and answers `token-RUN`. */
function countingPlugin(status = ''): object {
  const script = `n=$(cat ${files.tokens}); n=$((n+1)); echo $n > ${files.tokens}
    echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"token-'$n'"${status}}}'`;
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] };
  return { exec: { ...exec, interactiveMode: 'Never' } };
}
const countRuns = () => Number(readFileSync(files.tokens, 'utf8'));

describe('a user is known by', () => {
  test('a token', async () => {
    expect(await authorize({ token: `${secret}\n` })).toEqual({ Authorization: `Bearer ${secret}` });
  });

  test('a token in a file, before one beside it', async () => {
    writeFileSync(join(directory, 'token'), 'in-file\n');
    expect(await authorize({ tokenFile: 'token', token: 'beside' })).toEqual({
      Authorization: 'Bearer in-file',
    });
    expect(await authorize({ tokenFile: 'gone', token: 'beside' })).toEqual({
      Authorization: 'Bearer beside',
    });
  });

  test('a user name and a password', async () => {
    const pair = Buffer.from('ada:a:ü').toString('base64');
    expect(await authorize({ username: 'ada', password: 'a:ü' })).toEqual({ Authorization: `Basic ${pair}` });
  });

  test('a certificate, by file or data, beside a token too', async () => {
    const pair = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
    const paths = { 'client-certificate': 'cert', 'client-key': 'key' };
    expect(await authorize({ ...paths, token: 't' })).toEqual({ ...pair, Authorization: 'Bearer t' });
    const data = {
      'client-certificate-data': Buffer.from(pair.cert).toString('base64'),
      'client-key-data': Buffer.from(pair.key).toString('base64'),
    };
    expect(await authorize(data)).toEqual(pair);
  });

  test('a token, a password or a certificate before a plugin', async () => {
    expect(await authorize({ ...countingPlugin(), token: 't' })).toEqual({ Authorization: 'Bearer t' });
    expect(countRuns()).toBe(0);
  });

  test('a valid id-token', async () => {
    const token = makeIDToken(60);
    expect(await authorize(oidc({ 'id-token': token }))).toEqual({ Authorization: `Bearer ${token}` });
  });

  test('who is impersonated, with groups, UID and extras', async () => {
    const extras = { 'a/b %': ['c', 'd'], scopes: ['view'] };
    const as = { as: 'jane', 'as-uid': '7', 'as-groups': ['g', 'h'], 'as-user-extra': extras };
    expect(await authorize({ ...as, token: 't' })).toEqual({
      Authorization: 'Bearer t',
      'Impersonate-User': 'jane',
      'Impersonate-Uid': '7',
      'Impersonate-Group': ['g', 'h'],
      'Impersonate-Extra-a%2fb%20%25': ['c', 'd'],
      'Impersonate-Extra-scopes': ['view'],
    });
  });
});

const oidc = (config: object) => ({
  'auth-provider': {
    name: 'oidc',
    config: { 'idp-issuer-url': 'https://idp', 'client-id': 'lab', ...config },
  },
});

function makeIDToken(seconds: number): string {
  const claims = JSON.stringify({ exp: Math.floor(Date.now() / 1000) + seconds, secret });
  return ['e30', Buffer.from(claims).toString('base64url'), secret].join('.');
}

describe('a user is refused, and nothing secret is told,', () => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: secret, interactiveMode: 'Never' };
  test.each<[string, () => object, string]>([
    ['without credentials', () => ({}), 'the user "ada" has no credentials'],
    ['with a certificate without its key', () => ({ 'client-certificate': 'cert' }), 'without its key'],
    [
      'with another certificate’s key',
      () => ({ 'client-certificate': 'cert', 'client-key': 'other' }),
      'does not belong',
    ],
    [
      'with an encrypted key',
      () => ({ 'client-certificate': 'cert', 'client-key': 'encrypted' }),
      'is encrypted',
    ],
    [
      'with a key that is not one',
      () => ({ 'client-certificate': 'cert', 'client-key': 'cert' }),
      'not a private key',
    ],
    [
      'with a certificate that is not one',
      () => ({ 'client-certificate': 'key', 'client-key': 'key' }),
      'not a certificate',
    ],
    [
      'with a certificate that is gone',
      () => ({ 'client-certificate': 'gone', 'client-key': 'key' }),
      'ENOENT',
    ],
    [
      'with data that are not base64',
      () => ({ 'client-certificate-data': secret }),
      'client-certificate-data of the user "ada" is not base64',
    ],
    [
      'with a file and data',
      () => ({ 'client-certificate': 'cert', 'client-certificate-data': 'QQ==' }),
      'has both',
    ],
    [
      'with a token and a password',
      () => ({ token: secret, username: 'u', password: secret }),
      'only one of the two',
    ],
    ['with a token of several lines', () => ({ token: `${secret}\nx` }), 'characters that a header can'],
    ['whose tokenFile is gone', () => ({ tokenFile: 'gone' }), 'tokenFile of the user "ada" can\'t be read'],
    ['with groups of nobody', () => ({ token: secret, 'as-groups': ['g'] }), 'but no user'],
    ['with a plugin and an auth-provider', () => ({ exec, ...oidc({}) }), 'both exec and auth-provider'],
    ['of gcp', () => ({ token: secret, 'auth-provider': { name: 'gcp' } }), 'has been removed from kubectl'],
    [
      'of azure',
      () => ({ 'auth-provider': { name: 'azure', config: { 'access-token': secret } } }),
      'has been removed',
    ],
    ['of an unknown auth-provider', () => ({ 'auth-provider': { name: 'odd' } }), 'does not exist: "odd"'],
    [
      'whose id-token has expired',
      () => oidc({ 'id-token': makeIDToken(-1) }),
      'the id-token of the user "ada" has expired',
    ],
    ['without an id-token', () => oidc({}), 'is missing'],
    ['whose id-token is not one', () => oidc({ 'id-token': secret }), 'not a JSON Web Token'],
  ])('%s', async (_how, describeFields, message) => {
    const refused = await Promise.resolve()
      .then(() => authorize(describeFields()))
      .catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ message: expect.stringContaining(message) });
    const { stack, cause } = refused as Error;
    expect(`${stack}${String(cause)}`).not.toContain(secret);
  });
});

describe('credentials of a plugin', () => {
  test('are kept until they expire', async () => {
    const kept = create(describeUser(countingPlugin(',"expirationTimestamp":"2090-01-01T00:00:00Z"')));
    const first = await kept.prepare(never);
    expect(await kept.prepare(never)).toBe(first);
    await kept.reload(never);
    expect(countRuns()).toBe(1);
    const expired = create(describeUser(countingPlugin(',"expirationTimestamp":"2020-01-01T00:00:00Z"')));
    await expired.prepare(never);
    await expired.prepare(never);
    expect(expired.options.headers).toEqual({ Authorization: 'Bearer token-3' });
  });

  test('are asked for once by all who need them at the same time', async () => {
    const credentials = create(describeUser(countingPlugin()));
    await Promise.all([credentials.prepare(never), credentials.prepare(never), credentials.prepare(never)]);
    expect(countRuns()).toBe(1);
  });

  test('are still had when one of those who wait gives up', async () => {
    const credentials = create(describeUser(countingPlugin()));
    const controller = new AbortController();
    const impatient = credentials.prepare(controller.signal);
    const patient = credentials.prepare(never);
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    expect((await patient).headers).toEqual({ Authorization: 'Bearer token-1' });
    expect(countRuns()).toBe(1);
  });

  test('are asked for again once they are refused, however many requests are', async () => {
    const credentials = create(describeUser(countingPlugin()));
    const refused = await credentials.prepare(never);
    expect(await credentials.refresh(refused, never)).toBe(true);
    expect(credentials.options.headers).toEqual({ Authorization: 'Bearer token-2' });
    expect(await credentials.refresh(refused, never)).toBe(true);
    expect(countRuns()).toBe(2);
  });
});

describe('credentials that are read again', () => {
  test('are the new ones', async () => {
    let user = describeUser({ token: 'old' });
    const credentials = create(user, () => user);
    const refused = await credentials.prepare(never);
    expect(await credentials.refresh(refused, never)).toBe(false);
    user = describeUser({ token: 'new' });
    await credentials.reload(never);
    expect(credentials.options.headers).toEqual({ Authorization: 'Bearer new' });
  });

  test('are those before while the kubeconfig can’t be read, or can’t be used', async () => {
    let user: UserEntry | null = describeUser({ token: 'old' });
    const credentials = create(user, () => user);
    await credentials.prepare(never);
    for (const next of [null, describeUser({}), describeUser({ 'client-certificate': 'gone' })]) {
      user = next;
      await credentials.reload(never);
      expect(credentials.options.headers).toEqual({ Authorization: 'Bearer old' });
    }
  });

  test('have the certificate that stands in its file by now', async () => {
    const paths = { cert: join(directory, 'rotated-cert'), key: join(directory, 'rotated-key') };
    const rotate = (subject: string) =>
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-subj',
          subject,
          '-keyout',
          paths.key,
          '-out',
          paths.cert,
        ],
        { stdio: 'ignore' },
      );
    rotate('/CN=old');
    const credentials = create(describeUser({ 'client-certificate': paths.cert, 'client-key': paths.key }));
    const before = await credentials.prepare(never);
    rotate('/CN=new');
    await credentials.reload(never);
    expect(credentials.options.cert).toBe(readFileSync(paths.cert, 'utf8'));
    expect(credentials.options.cert).not.toBe(before.cert);
    unlinkSync(paths.key);
    await credentials.reload(never);
    expect(credentials.options.cert).toBe(readFileSync(paths.cert, 'utf8'));
  });

  test('have the token that stands in its file by now, once it is refused', async () => {
    writeFileSync(join(directory, 'token'), 'old');
    const credentials = create(describeUser({ tokenFile: 'token' }), () => null);
    const refused = await credentials.prepare(never);
    writeFileSync(join(directory, 'token'), 'new');
    expect(await credentials.prepare(never)).toBe(refused);
    expect(await credentials.refresh(refused, never)).toBe(true);
    expect(credentials.options.headers).toEqual({ Authorization: 'Bearer new' });
    unlinkSync(join(directory, 'token'));
    expect(await credentials.refresh(credentials.options, never)).toBe(false);
  });
});
