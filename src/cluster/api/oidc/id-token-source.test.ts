import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type IdentityProvider,
  type ProviderBehaviour,
  startIdentityProvider,
} from '../../testing/identity-provider.ts';
import { startHTTPProxy } from '../../testing/proxy-servers.ts';
import { IDTokenSource } from './id-token-source.ts';

const never = new AbortController().signal;
const secret = 's3cret';
const makeIDToken = (seconds: number) => {
  const claims = JSON.stringify({ exp: Math.floor(Date.now() / 1000) + seconds });
  return ['e30', Buffer.from(claims).toString('base64url'), secret].join('.');
};
const tokens = { refresh: `${secret}-1`, nextRefresh: `${secret}-2`, id: makeIDToken(600) };
const client = { id: 'lab:1', secret: `${secret} &%ü` };
let directory: string;
let authority: string;
let provider: IdentityProvider;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'crashcart-oidc-'));
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=idp', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:idp.lab.invalid'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  authority = readFileSync(cert).toString('base64');
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  provider = await startIdentityProvider({ tls, client, tokens });
});
afterAll(() => {
  provider.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  provider.behaviour = {};
  provider.asked.length = 0;
});

const describeConfig = (more: Record<string, string> = {}) => ({
  ...{ 'idp-issuer-url': provider.issuer, 'client-id': client.id, 'client-secret': client.secret },
  ...{ 'idp-certificate-authority-data': authority, 'id-token': makeIDToken(-60) },
  ...{ 'refresh-token': tokens.refresh, ...more },
});

function create(more: Record<string, string> = {}, environment: NodeJS.ProcessEnv = {}): IDTokenSource {
  return new IDTokenSource(describeConfig(more), { owner: 'the user "ada"', entry: null, environment });
}

describe('an id-token that has expired is renewed', () => {
  test.each<[string, Record<string, string>, ProviderBehaviour]>([
    ['by a client that is known by the header', {}, { clientBy: 'header' }],
    ['by a client that is known by the form', {}, { clientBy: 'form' }],
    ['by a client without a secret', { 'client-secret': '' }, { clientBy: 'form without a secret' }],
    ['when there is none', { 'id-token': '' }, {}],
    ['by an answer that is a form', {}, { formAnswers: true }],
    ['where a redirection leads to', {}, { redirects: true }],
  ])('%s', async (_how, config, behaviour) => {
    provider.behaviour = behaviour;
    const source = create(config);
    expect(await source.read(never)).toBe(tokens.id);
    // What was renewed is kept.
    const { length } = provider.asked;
    expect(await source.read(never)).toBe(tokens.id);
    expect(provider.asked).toHaveLength(length);
  });

  test('through the proxy of the environment', async () => {
    const proxy = await startHTTPProxy(() => ['127.0.0.1', Number(new URL(provider.issuer).port)]);
    try {
      const issuer = provider.issuer.replace('127.0.0.1', 'idp.lab.invalid');
      const environment = { HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
      expect(await create({ 'idp-issuer-url': issuer }, environment).read(never)).toBe(tokens.id);
      expect(proxy.asked[0]).toMatch(/^idp\.lab\.invalid:/);
    } finally {
      proxy.close();
    }
  });

  test('with the next refresh-token after that, and both are kept in the kubeconfig', async () => {
    const file = join(directory, 'config');
    const user = { name: 'ada', user: { 'auth-provider': { name: 'oidc', config: describeConfig() } } };
    writeFileSync(file, JSON.stringify({ users: [user] }));
    provider.behaviour = { tokens: { id_token: makeIDToken(5) } };
    const place = { owner: 'ada', entry: { name: 'ada', fields: null, file }, environment: {} };
    const source = new IDTokenSource(describeConfig(), place);
    await source.read(never);
    expect(readFileSync(file, 'utf8')).toContain(`refresh-token: ${tokens.nextRefresh}`);
    // It is good for 5 s only, so that it is renewed again.
    await expect(source.read(never)).rejects.toThrow('invalid_grant');
    expect(provider.asked).toEqual([tokens.refresh, tokens.nextRefresh, tokens.nextRefresh]);
  });
});

describe('an id-token that can not be renewed is told, and nothing secret', () => {
  test.each<[string, Record<string, string>, ProviderBehaviour, string]>([
    [
      'as the refresh-token is refused',
      {},
      { refusal: { status: 400, body: '{"error":"invalid_grant","error_description":"too old"}' } },
      'it refuses the refresh-token: invalid_grant: too old',
    ],
    [
      'as the answer is a page',
      {},
      { refusal: { status: 503, body: `<html>${secret}` } },
      'with HTTP status 503',
    ],
    ['as there is no metadata', {}, { metadata: { status: 404, body: secret } }, 'HTTP status 404'],
    ['as the metadata are not JSON', {}, { metadata: { status: 200, body: secret } }, 'no token_endpoint'],
    ['as there is no id_token', {}, { tokens: { id_token: undefined } }, 'without an id_token'],
    ['as there is no access_token', {}, { tokens: { access_token: undefined } }, 'without an access_token'],
    ['as it is not there', { 'idp-issuer-url': 'https://127.0.0.1:1' }, {}, "127.0.0.1:1 can't be reached:"],
    ['as its address is none', { 'idp-issuer-url': 'nowhere' }, {}, '"nowhere/.well-known'],
    [
      'as it is not trusted',
      { 'idp-certificate-authority-data': '' },
      {},
      'no trusted authority has signed it',
    ],
    [
      'as its CA is not there',
      { 'idp-certificate-authority-data': '', 'idp-certificate-authority': '/gone' },
      {},
      '/gone',
    ],
    ['as there is no refresh-token', { 'refresh-token': '' }, {}, 'has expired'],
  ])('%s', async (_why, config, behaviour, message) => {
    provider.behaviour = behaviour;
    const error = await create(config)
      .read(never)
      .catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(error).toMatchObject({ message: expect.stringContaining('the user "ada"') });
    expect((error as Error).stack).not.toContain(secret);
  });

  test('at once when it is no longer wanted', async () => {
    const gone = new AbortController();
    gone.abort(new Error('gone'));
    await expect(create().read(gone.signal)).rejects.toThrow('gone');
  });

  test.each(['idp-issuer-url', 'client-id'])('when %s is missing, whatever the id-token is', (name) => {
    expect(() => create({ [name]: '', 'id-token': tokens.id })).toThrow(`has no ${name}`);
  });
});
