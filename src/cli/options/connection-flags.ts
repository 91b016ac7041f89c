import type { Flags, RawArguments } from '../command-line/command.ts';

const group = 'Connection (as for kubectl):';

/** kubectl's connection flags. */
export const connectionFlags: Flags = {
  namespace: { type: 'string', alias: 'n', describe: 'namespace of the target', group, values: 'namespace' },
  kubeconfig: { type: 'string', describe: 'path of the kubeconfig', group, values: 'file' },
  context: { type: 'string', describe: 'context of the kubeconfig', group, values: 'context' },
  cluster: { type: 'string', describe: 'cluster of the kubeconfig', group, values: 'cluster' },
  user: { type: 'string', describe: 'user of the kubeconfig', group, values: 'user' },
  server: { type: 'string', alias: 's', describe: 'address of the API server', group },
  token: { type: 'string', describe: 'bearer token', group },
  as: { type: 'string', describe: 'user to impersonate', group },
  'as-group': { type: 'list', describe: 'group to impersonate; may be given several times', group },
  'as-uid': { type: 'string', describe: 'UID to impersonate', group },
  'request-timeout': { type: 'string', describe: 'limit of a single request, such as 30s', group },
  'insecure-skip-tls-verify': { type: 'boolean', describe: "don't verify the API server", group },
  'certificate-authority': { type: 'string', describe: 'path of the CA certificate', group, values: 'file' },
  'client-certificate': { type: 'string', describe: 'path of the client certificate', group, values: 'file' },
  'client-key': { type: 'string', describe: 'path of the client key', group, values: 'file' },
  'tls-server-name': { type: 'string', describe: "name to verify in the API server's certificate", group },
};

/** @returns the connection flags under the names of their schema. */
export function nameConnectionFlags(flags: RawArguments['flags']): Record<string, unknown> {
  const { namespace, kubeconfig, context, cluster, user, server, token, as } = flags;
  return {
    ...{ namespace, kubeconfig, context, cluster, user, server, token, as },
    asGroup: flags['as-group'],
    asUID: flags['as-uid'],
    requestTimeout: flags['request-timeout'],
    insecureSkipTLSVerify: flags['insecure-skip-tls-verify'],
    certificateAuthority: flags['certificate-authority'],
    clientCertificate: flags['client-certificate'],
    clientKey: flags['client-key'],
    tlsServerName: flags['tls-server-name'],
  };
}
