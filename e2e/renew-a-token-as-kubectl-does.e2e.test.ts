import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import {
  type IdentityProvider,
  type ProviderBehaviour,
  startIdentityProvider,
} from '../src/cluster/testing/identity-provider.ts';
import { runKubectl } from './harness/command-run.ts';
import { type IdentityServer, startIdentityServer } from './harness/identity-server.ts';
import { makeIDToken, secret } from './harness/made-up-users.ts';

const client = { id: 'lab:1', secret: `${secret} &%` };
const tokens = { refresh: `${secret}-1`, nextRefresh: `${secret}-2`, id: makeIDToken(600) };
const expired = makeIDToken(-60);
const keptSchema = z.object({
  users: z.tuple([z.object({ user: z.object({ 'auth-provider': z.object({ config: z.unknown() }) }) })]),
});

let directory: string;
let server: IdentityServer;
let provider: IdentityProvider;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-renew-'));
  server = await startIdentityServer(directory);
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  const tls = { key: await read('server.key'), cert: await read('server.crt') };
  provider = await startIdentityProvider({ tls, client, tokens });
});

afterAll(async () => {
  server.close();
  provider.close();
  await rm(directory, { recursive: true });
});

interface Row {
  what: string;
  /** Over what the auth-provider's config would have. */
  config?: Record<string, string | undefined>;
  provider?: ProviderBehaviour;
  env?: Record<string, string>;
  /** The file is being written by somebody else, who never ends. */
  isLocked?: boolean;
}

/** Runs a command of kubectl with a kubeconfig whose id-token has expired. */
async function run(args: string[], row: Row) {
  provider.behaviour = row.provider ?? {};
  const config = {
    ...{ 'idp-issuer-url': provider.issuer, 'client-id': client.id, 'client-secret': client.secret },
    ...{ 'idp-certificate-authority': server.authority, 'id-token': expired },
    ...{ 'refresh-token': tokens.refresh, 'extra-scopes': 'groups', ...row.config },
  };
  const path = join(directory, 'config');
  const content = {
    clusters: [
      { name: 'lab', cluster: { server: server.address, 'certificate-authority': server.authority } },
    ],
    users: [{ name: 'ada', user: { 'auth-provider': { name: 'oidc', config } } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'ada' } }],
    'current-context': 'lab',
  };
  await writeFile(path, JSON.stringify(content));
  if (row.isLocked) await writeFile(`${path}.lock`, '');
  server.takeIdentities();
  const env = { KUBECONFIG: path, SSL_CERT_FILE: '/dev/null', ...row.env };
  const { code, stdout, stderr } = await runKubectl(args, { env });
  if (row.isLocked) await rm(`${path}.lock`);
  const kept = keptSchema.parse(load(await readFile(path, 'utf8')));
  return {
    code,
    output: `${stdout.toString()}${stderr}`,
    stderr,
    sent: server.takeIdentities().map(({ authorization }) => authorization),
    kept: kept.users[0].user['auth-provider'].config,
  };
}

const runTheirs = (row: Row) => run(['get', '--raw', '/api/v1/pods'], row);
const runOurs = (row: Row) => run(['crashcart', 'sessions', '-o', 'json', '-v', '9'], row);

describe('an id-token that has expired is renewed, sent and kept as kubectl does it', () => {
  const rows: Row[] = [
    { what: 'by a client that the provider knows by the header' },
    { what: 'by a client that the provider knows by the form', provider: { clientBy: 'form' } },
    {
      what: 'by a client without a secret',
      config: { 'client-secret': undefined },
      provider: { clientBy: 'form without a secret' },
    },
    { what: 'when there is none yet', config: { 'id-token': undefined } },
    {
      what: 'when the provider leaves the refresh-token as it is',
      provider: { tokens: { refresh_token: undefined } },
    },
    { what: 'by an answer that is a form', provider: { formAnswers: true } },
    { what: 'where a redirection leads to', provider: { redirects: true } },
    {
      what: 'at a provider that the machine trusts',
      config: { 'idp-certificate-authority': undefined },
      env: { SSL_CERT_FILE: 'server.crt' },
    },
    {
      what: 'at a provider whose CA stands in the kubeconfig',
      config: { 'idp-certificate-authority': undefined, 'idp-certificate-authority-data': 'server.crt' },
    },
  ];

  test.each(rows)('$what', async (row) => {
    const authority = server.authority;
    const data = (await readFile(authority)).toString('base64');
    const place = (text: string) => (text === 'server.crt' ? authority : text);
    const config = {
      ...row.config,
      ...(row.config?.['idp-certificate-authority-data'] && { 'idp-certificate-authority-data': data }),
    };
    const env = { ...row.env, ...(row.env && { SSL_CERT_FILE: place(row.env['SSL_CERT_FILE'] ?? '') }) };
    const theirs = await runTheirs({ ...row, config, env });
    const ours = await runOurs({ ...row, config, env });
    expect(theirs).toMatchObject({ code: 0, sent: [`Bearer ${tokens.id}`] });
    expect(theirs.kept).toMatchObject({ 'id-token': tokens.id });
    expect(ours).toMatchObject({ code: 0, sent: theirs.sent, kept: theirs.kept });
    expect(ours.output).not.toContain(secret);
  });
});

describe('an id-token that can not be renewed is no reason to ask as nobody, and is told', () => {
  const invalidGrant = '{"error":"invalid_grant","error_description":"too old"}';
  const rows: (Row & { says: RegExp })[] = [
    {
      what: 'as the refresh-token is refused',
      provider: { refusal: { status: 400, body: invalidGrant } },
      says: /the user "ada" can't be renewed at https:\S+: it refuses the refresh-token: invalid_grant: too old\nLog in/,
    },
    {
      what: 'as the client is not known',
      config: { 'client-id': 'other' },
      says: /refuses the refresh-token: invalid_client/,
    },
    {
      what: 'as the provider is down',
      config: { 'idp-issuer-url': 'https://127.0.0.1:1' },
      says: /can't be renewed at https:\/\/127\.0\.0\.1:1: 127\.0\.0\.1:1 can't be reached: /,
    },
    {
      what: 'as the provider is not trusted',
      config: { 'idp-certificate-authority': undefined },
      says: /no trusted authority has signed it.*idp-certificate-authority/,
    },
    {
      what: 'as a page is in the place of its metadata',
      provider: { metadata: { status: 200, body: '<html>' } },
      says: /its metadata names no token_endpoint/,
    },
    {
      what: 'as there are no metadata',
      provider: { metadata: { status: 404, body: '' } },
      says: /its metadata is answered with HTTP status 404/,
    },
    {
      what: 'as the answer has no id_token',
      provider: { tokens: { id_token: undefined } },
      says: /answered without an id_token.*"openid"/,
    },
    { what: 'as there is no refresh-token', config: { 'refresh-token': undefined }, says: /has expired\n/ },
    {
      what: 'as the issuer is not given',
      config: { 'idp-issuer-url': undefined },
      says: /no idp-issuer-url/,
    },
    { what: 'as the client is not given', config: { 'client-id': undefined }, says: /has no client-id/ },
    { what: 'as the kubeconfig is locked', isLocked: true, says: /can't be kept in .*config\.lock/ },
  ];

  test.each(rows)('$what', async (row) => {
    const theirs = await runTheirs(row);
    const ours = await runOurs(row);
    expect(theirs).toMatchObject({ code: 1, sent: [] });
    expect(ours).toMatchObject({ code: 125, sent: [], kept: theirs.kept });
    expect(ours.stderr).toMatch(row.says);
    expect(ours.output).not.toContain(secret);
  });
});
