import { Failure } from '../../../failure/failure.ts';
import type { ConnectionFlags } from './connection-options.ts';
import {
  type ClusterEntry,
  type ContextEntry,
  makeEmptyCluster,
  makeEmptyUser,
  type NamedEntry,
  readCluster,
  readContext,
  readUser,
  type UserEntry,
} from './kubeconfig-entries.ts';
import { findKubeconfigFiles, type Kubeconfig, readKubeconfigFiles } from './kubeconfig-file.ts';
import { describeServiceAccount } from './service-account.ts';

/** What of a kubeconfig counts, with the flags applied. */
export interface Selection {
  /** Name of the context; null when there is none. */
  context: string | null;
  /** Of the context; empty when it has none. */
  namespace: string;
  cluster: ClusterEntry;
  /** Where the cluster stands; null when the flags alone say where the API server is. */
  clusterEntry: NamedEntry | null;
  user: UserEntry;
  /** Where the user stands; null when the flags alone say who asks, or nothing does. */
  userEntry: NamedEntry | null;
}

/**
 * Reads the kubeconfig where kubectl does; inside a pod without one, the service account.
 * @throws Failure `configuration` when there is none, or one can't be read.
 */
export function loadKubeconfig(flags: ConnectionFlags, environment: NodeJS.ProcessEnv): Kubeconfig {
  const files = findKubeconfigFiles(flags.kubeconfig ?? null, environment);
  const config = readKubeconfigFiles(files);
  const isEmpty = [config.contexts, config.clusters, config.users].every(({ length }) => length === 0);
  if (!isEmpty || flags.kubeconfig !== undefined || flags.server !== undefined) return config;
  const account = describeServiceAccount(environment);
  if (account !== null) return account;
  if (files.length > 0) return config;
  throw new Failure(
    'configuration',
    'no kubeconfig was found',
    'Give one with --kubeconfig or the environment variable KUBECONFIG.',
  );
}

/**
 * Selects context, cluster and user, and applies the flags to them. What is not selected need not be whole.
 * @throws Failure `configuration` for what does not exist, or has not the shape of such an entry.
 */
export function selectFrom(config: Kubeconfig, flags: ConnectionFlags): Selection {
  const name = flags.context ?? config.currentContext;
  const context = name === '' ? null : find('context', config.contexts, name);
  const fields: ContextEntry = context ? readContext(context) : { cluster: '', user: '', namespace: '' };
  const clusterEntry = findCluster(config, flags, fields.cluster, context?.name ?? null);
  const userEntry = findUser(config, flags, fields.user);
  return {
    context: context?.name ?? null,
    namespace: fields.namespace,
    cluster: applyClusterFlags(clusterEntry ? readCluster(clusterEntry) : makeEmptyCluster(), flags),
    clusterEntry,
    user: applyUserFlags(userEntry ? readUser(userEntry) : makeEmptyUser(), flags),
    userEntry,
  };
}

function findCluster(
  config: Kubeconfig,
  flags: ConnectionFlags,
  name: string,
  context: string | null,
): NamedEntry | null {
  if (flags.cluster !== undefined) return find('cluster', config.clusters, flags.cluster);
  if (flags.server !== undefined) return config.clusters.find((entry) => entry.name === name) ?? null;
  if (name !== '') return find('cluster', config.clusters, name);
  throw new Failure(
    'configuration',
    context === null ? 'no context is selected' : `the context "${context}" names no cluster`,
    'Select a context with --context or `kubectl config use-context`.',
  );
}

/** A user that does not exist is nobody, who must not ask in silence, unless the flags say who asks. */
function findUser(config: Kubeconfig, flags: ConnectionFlags, name: string): NamedEntry | null {
  if (flags.user !== undefined) return find('user', config.users, flags.user);
  const { token, username, clientCertificate } = flags;
  const isGiven = [token, username, clientCertificate].some((flag) => flag !== undefined);
  if (name === '' || isGiven) return config.users.find((entry) => entry.name === name) ?? null;
  return find('user', config.users, name);
}

function find(kind: string, entries: NamedEntry[], name: string): NamedEntry {
  const found = entries.find((entry) => entry.name === name);
  if (found) return found;
  const names = entries.map((entry) => entry.name).join(', ');
  const title = `${kind[0]?.toUpperCase()}${kind.slice(1)}s`;
  throw new Failure(
    'configuration',
    `${kind} "${name}" does not exist`,
    `${title} of the kubeconfig: ${names || 'none'}.`,
  );
}

/** As `getCluster` of https://pkg.go.dev/k8s.io/client-go/tools/clientcmd, which some flags are not merged with. */
function applyClusterFlags(cluster: ClusterEntry, flags: ConnectionFlags): ClusterEntry {
  const { server, certificateAuthority, insecureSkipTLSVerify, tlsServerName, proxyURL } = flags;
  // Another address is another server: what the kubeconfig says of its certificate's name does not hold.
  const hasOwnName = tlsServerName !== undefined || server !== undefined;
  const hasOwnTrust = certificateAuthority !== undefined || insecureSkipTLSVerify === true;
  return {
    ...cluster,
    ...(server !== undefined && { server }),
    ...(hasOwnName && { 'tls-server-name': tlsServerName ?? '' }),
    ...(hasOwnTrust && {
      'certificate-authority': certificateAuthority ?? '',
      'certificate-authority-data': '',
    }),
    ...(insecureSkipTLSVerify === undefined && certificateAuthority === undefined
      ? {}
      : { 'insecure-skip-tls-verify': insecureSkipTLSVerify ?? false }),
    ...(proxyURL !== undefined && { 'proxy-url': proxyURL }),
  };
}

/** A flag that says who asks replaces every other way to say so. */
export function applyUserFlags(user: UserEntry, flags: ConnectionFlags): UserEntry {
  const { token, username, password, clientCertificate, clientKey, as, asGroup, asUID, asUserExtra } = flags;
  const hasIdentity = token !== undefined || username !== undefined || password !== undefined;
  return {
    ...user,
    ...(hasIdentity && {
      ...{ tokenFile: '', exec: null, 'auth-provider': null },
      token: token ?? '',
      username: username ?? (password === undefined ? '' : user.username),
      password: password ?? (username === undefined ? '' : user.password),
    }),
    ...(clientCertificate !== undefined && {
      'client-certificate': clientCertificate,
      'client-certificate-data': '',
    }),
    ...(clientKey !== undefined && { 'client-key': clientKey, 'client-key-data': '' }),
    ...(as !== undefined && { as }),
    ...(asGroup.length > 0 && { 'as-groups': asGroup }),
    ...(asUID !== undefined && { 'as-uid': asUID }),
    ...(asUserExtra.length > 0 && { 'as-user-extra': groupExtras(asUserExtra) }),
  };
}

function groupExtras(extras: string[]): Record<string, string[]> {
  const pairs = extras.map((extra) => {
    const [key = '', ...value] = extra.split('=');
    return { key, value: value.join('=') };
  });
  const grouped = Map.groupBy(pairs, ({ key }) => key);
  return Object.fromEntries([...grouped].map(([key, entries]) => [key, entries.map(({ value }) => value)]));
}
