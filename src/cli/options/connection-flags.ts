import * as z from 'zod';
import { createGroup, type Option, type ValueSource } from '../command-line/option.ts';
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
  as: define('as', 'user to impersonate'),
  asGroup: defineList({
    flag: 'as-group',
    describe: 'group to impersonate; may be given several times',
    schema: z.string(),
  }),
  asUID: define('as-uid', 'UID to impersonate'),
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
};

/** kubectl takes an empty value for one that is not given. */
function define(flag: string, describe: string, values?: ValueSource, alias?: string) {
  const option = defineOption({
    ...{ flag, describe, schema: z.string() },
    ...(values !== undefined && { values }),
    ...(alias !== undefined && { alias }),
  });
  return { ...option, absent: undefined } as Option<string | undefined>;
}
