import type { Agent, RequestOptions } from 'node:https';
// Not the package's index: that loads the generated API of every Kubernetes resource.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import { getErrorMessage } from '../../failure/error-message.ts';
import type { ConnectionFlags } from './connection-options.ts';
import { Failure } from '../../failure/failure.ts';
import { type KubeconfigUser, loadKubeconfig } from './kubeconfig-file.ts';
import type { RequestTrace } from './request-trace.ts';

/** Where the API server is and how to authenticate, for plain requests and websockets alike. */
export interface ApiConnection {
  server: URL;
  /** TLS and proxy settings, the agent that keeps connections, and headers. */
  options: RequestOptions & { agent: Agent; headers: Record<string, string | string[]> };
  /** Name of the kubeconfig's context; null when there is none. */
  context: string | null;
  /** Namespace of targets when their own is not given. */
  namespace: string;
  /** Limit of a single request; null: the default of each. */
  requestTimeoutMs: number | null;
  /** Is told of each request; without, nobody is. */
  trace?: RequestTrace;
  /** Reads the kubeconfig again, with the same flags. @throws Failure `configuration`. */
  reload: () => Promise<ApiConnection>;
}

/**
 * Reads the kubeconfig of a connection again: its credentials may have expired meanwhile.
 * @throws Failure `configuration`.
 */
export async function reloadConnection({ reload, trace }: ApiConnection): Promise<ApiConnection> {
  return { ...(await reload()), ...(trace && { trace }) };
}

/**
 * Reads the kubeconfig as kubectl does and applies the connection flags to it.
 * @throws Failure `configuration`.
 */
export async function loadConnection(
  flags: ConnectionFlags,
  environment: NodeJS.ProcessEnv,
): Promise<ApiConnection> {
  try {
    const loaded = loadKubeconfig(flags.kubeconfig ?? null, environment, flags.server === undefined);
    const contextName = flags.context ?? loaded.currentContext;
    const context = loaded.getContextObject(contextName);
    if (contextName && !context) {
      throw new Failure(
        'configuration',
        `context "${contextName}" does not exist`,
        `Contexts: ${loaded.contexts.map(({ name }) => name).join(', ') || 'none'}.`,
      );
    }
    const cluster = selectCluster(loaded, flags, context?.cluster);
    const user = selectUser(loaded, flags, context?.user);
    const config = new KubeConfig();
    config.loadFromClusterAndUser(cluster, user);
    return {
      server: new URL(`${cluster.server.replace(/\/+$/, '')}/`),
      options: await buildOptions(config, user, flags),
      context: context?.name ?? null,
      // An empty one counts as not given, as for kubectl.
      namespace: flags.namespace || context?.namespace || 'default',
      requestTimeoutMs: flags.requestTimeoutMs === 0 ? null : flags.requestTimeoutMs,
      reload: () => loadConnection(flags, environment),
    };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const message = getErrorMessage(error);
    throw new Failure('configuration', `the kubeconfig can't be used: ${message.trim()}`, null, {
      cause: error,
    });
  }
}

function selectCluster(config: KubeConfig, flags: ConnectionFlags, name: string | undefined): Cluster {
  const wanted = flags.cluster ?? name;
  const known = wanted === undefined ? null : config.getCluster(wanted);
  if (flags.cluster !== undefined && !known)
    throw new Failure('configuration', `cluster "${flags.cluster}" does not exist`);
  const server = flags.server ?? known?.server;
  if (server === undefined) {
    throw new Failure(
      'configuration',
      wanted === undefined ? 'no context is selected' : `cluster "${wanted}" does not exist`,
      'Select one with --context or `kubectl config use-context`.',
    );
  }
  const authority = flags.certificateAuthority;
  return {
    name: wanted ?? 'server',
    server: /^[a-z]+:\/\//.test(server) ? server : `http://${server}`,
    // The library refuses http:// otherwise; there is no certificate to verify.
    skipTLSVerify:
      server.startsWith('http:') || !server.includes('://')
        ? true
        : (flags.insecureSkipTLSVerify ?? known?.skipTLSVerify ?? false),
    ...(known?.caData !== undefined && authority === undefined ? { caData: known.caData } : {}),
    ...((authority ?? known?.caFile) ? { caFile: (authority ?? known?.caFile) as string } : {}),
    ...((flags.tlsServerName ?? known?.tlsServerName)
      ? { tlsServerName: (flags.tlsServerName ?? known?.tlsServerName) as string }
      : {}),
    ...(known?.proxyUrl ? { proxyUrl: known.proxyUrl } : {}),
  };
}

function selectUser(config: KubeConfig, flags: ConnectionFlags, name: string | undefined): KubeconfigUser {
  const wanted = flags.user ?? name;
  const known = wanted === undefined ? null : config.getUser(wanted);
  if (flags.user !== undefined && !known)
    throw new Failure('configuration', `user "${flags.user}" does not exist`);
  const user: Record<string, unknown> = { ...known, name: wanted ?? 'nobody' };
  if (flags.token !== undefined) {
    user['token'] = flags.token;
    for (const field of ['exec', 'authProvider', 'username', 'password']) delete user[field];
  }
  if (flags.clientCertificate !== undefined) {
    user['certFile'] = flags.clientCertificate;
    delete user['certData'];
  }
  if (flags.clientKey !== undefined) {
    user['keyFile'] = flags.clientKey;
    delete user['keyData'];
  }
  if (flags.as !== undefined) user['impersonateUser'] = flags.as;
  return user as unknown as KubeconfigUser;
}

async function buildOptions(
  config: KubeConfig,
  user: KubeconfigUser,
  flags: ConnectionFlags,
): Promise<ApiConnection['options']> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { agent, ...rest } = options as ApiConnection['options'];
  // The library's agent closes each connection after one request; ours are many, and the websocket is one.
  (agent as unknown as { keepAlive: boolean }).keepAlive = true;
  const headers: Record<string, string | string[]> = { ...rest.headers };
  const groups = flags.asGroup.length > 0 ? flags.asGroup : (user.impersonateGroups ?? []);
  if (groups.length > 0) headers['Impersonate-Group'] = groups;
  const uid = flags.asUID ?? user.impersonateUID;
  if (uid !== undefined) headers['Impersonate-Uid'] = uid;
  return { ...rest, agent, headers };
}
