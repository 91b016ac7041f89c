import * as z from 'zod';
import { createGroup, type Option, type ValueSource } from '../command-line/option.ts';
import { userExtraSchema } from './values/user-extra.ts';
import { waitSchema } from './values/duration.ts';

const { defineOption, defineSwitch, defineList } = createGroup('Connection (as for kubectl):');

/** kubectl's connection flags, under the names of the cluster's ConnectionFlags. */
export const connectionOptions = {
  namespace: define('namespace', 'namespace of the target', 'namespace', 'n'),
  kubeconfig: define('kubeconfig', 'path of the kubeconfig', 'file'),
  context: define('context', 'context of the kubeconfig', 'context'),
  cluster: define('cluster', 'cluster of the kubeconfig', 'cluster'),
  user: define('user', 'user of the kubeconfig', 'user'),
  server: define('server', 'address of the API server', undefined, 's'),
  token: define('token', 'bearer token'),
  username: define('username', 'user name for basic authentication'),
  password: define('password', 'password for basic authentication'),
  as: define('as', 'user to impersonate'),
  asGroup: defineList({
    flag: 'as-group',
    describe: 'group to impersonate; may be given several times',
    schema: z.string(),
  }),
  asUID: define('as-uid', 'UID to impersonate'),
  asUserExtra: defineList({
    flag: 'as-user-extra',
    describe: 'KEY=VALUE of the user to impersonate; may be given several times',
    schema: userExtraSchema,
  }),
  requestTimeoutMs: defineOption({
    flag: 'request-timeout',
    describe: 'limit of a single request, such as 30s; 0 for the default of each request',
    default: '0',
    schema: waitSchema,
  }),
  insecureSkipTLSVerify: {
    ...defineSwitch({ flag: 'insecure-skip-tls-verify', describe: "don't verify the API server" }),
    // The kubeconfig decides then.
    absent: undefined,
  } as Option<boolean | undefined>,
  certificateAuthority: define('certificate-authority', 'path of the CA certificate', 'file'),
  clientCertificate: define('client-certificate', 'path of the client certificate', 'file'),
  clientKey: define('client-key', 'path of the client key', 'file'),
  tlsServerName: define('tls-server-name', "name to verify in the API server's certificate"),
  proxyURL: define('proxy-url', 'proxy on the way to the API server'),
};

const ignored = createGroup('Taken as by kubectl, without effect:');

/** Flags of kubectl that command lines and aliases carry along. There is nothing here for them to change. */
export const ignoredOptions = {
  cacheDir: defineIgnored({
    flag: 'cache-dir',
    describe: 'nothing of the API is cached',
    values: 'file',
  }),
  kuberc: defineIgnored({ flag: 'kuberc', describe: "kubectl's preferences", values: 'file' }),
  disableCompression: ignored.defineSwitch({
    flag: 'disable-compression',
    describe: 'answers of the API are never compressed',
  }),
  matchServerVersion: ignored.defineSwitch({
    flag: 'match-server-version',
    describe: "kubectl's version does not matter",
  }),
  warningsAsErrors: ignored.defineSwitch({
    flag: 'warnings-as-errors',
    describe: 'the exit code is the command’s',
  }),
  profile: defineIgnored({ flag: 'profile', describe: 'nothing is profiled' }),
  profileOutput: defineIgnored({
    flag: 'profile-output',
    describe: 'nothing is profiled',
    values: 'file',
  }),
  logFlushFrequency: defineIgnored({
    flag: 'log-flush-frequency',
    describe: 'messages are printed at once',
  }),
  vmodule: defineIgnored({ flag: 'vmodule', describe: '-v counts for every request' }),
};

/** Nothing is wrong with any value of such a flag. */
function defineIgnored(definition: { flag: string; describe: string; values?: ValueSource }) {
  return ignored.defineOption({ ...definition, schema: z.string() });
}

/** kubectl takes an empty value for one that is not given. */
function define(flag: string, describe: string, values?: ValueSource, alias?: string) {
  const option = defineOption({
    ...{ flag, describe, schema: z.string() },
    ...(values !== undefined && { values }),
    ...(alias !== undefined && { alias }),
  });
  return { ...option, absent: undefined } as Option<string | undefined>;
}
