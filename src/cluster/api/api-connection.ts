import { type Credentials, RenewedCredentials } from './credentials/credentials.ts';
import type { CredentialSource } from './credentials/credential-source.ts';
import { makeImpersonation } from './credentials/impersonation.ts';
import type { PluginSurroundings } from './credentials/exec-plugin/plugin-surroundings.ts';
import { createCredentialSource } from './credentials/user-credentials.ts';
import { Failure } from '../../failure/failure.ts';
import { readAuthority } from './kubeconfig/cluster-authority.ts';
import type { ConnectionFlags } from './kubeconfig/connection-options.ts';
import type { UserEntry } from './kubeconfig/kubeconfig-entries.ts';
import { readUserAgain } from './kubeconfig/pinned-user.ts';
import { loadKubeconfig, selectFrom, type Selection } from './kubeconfig/selection.ts';
import type { RequestTrace } from './request-trace.ts';
import { readSystemAuthorities } from './transport/certificate-authorities.ts';
import { parseServerAddress } from './transport/server-address.ts';
import { verifyName } from './transport/server-name.ts';
import { chooseRoute } from './transport/server-route.ts';

/**
 * Where the API server is and how to authenticate, for plain requests and websockets alike. Context, cluster and user
 * are those of the command's start.
 */
export interface ApiConnection {
  server: URL;
  /** TLS settings, the agent that keeps connections, and headers, with credentials that are renewed. */
  credentials: Credentials;
  /** What stands between here and the API server: ` through the proxy … (HTTPS_PROXY)`; empty for nothing. */
  via: string;
  /** Name of the kubeconfig's context; null when there is none. */
  context: string | null;
  /** Namespace of targets when their own is not given. */
  namespace: string;
  /** Limit of a single request; null: the default of each. */
  requestTimeoutMs: number | null;
  /** Is told of each request; without, nobody is. */
  trace?: RequestTrace;
}

/**
 * Reads the kubeconfig as kubectl does and applies the connection flags to it. No credential plugin runs before the
 * first request.
 * @throws Failure `configuration`.
 */
export async function loadConnection(
  given: ConnectionFlags,
  surroundings: PluginSurroundings,
): Promise<ApiConnection> {
  const flags = dropEmpty(given);
  const { environment } = surroundings;
  const selection = selectFrom(loadKubeconfig(flags, environment), flags);
  const { cluster, clusterEntry, context, namespace } = selection;
  const clusterName = clusterEntry === null ? 'the API server' : `the cluster "${clusterEntry.name}"`;
  if (cluster.server === '') throw new Failure('configuration', `${clusterName} has no server`);
  const authority = readAuthority(cluster, clusterName);
  const isVerified = !cluster['insecure-skip-tls-verify'];
  const server = parseServerAddress(cluster.server, authority !== null || !isVerified);
  const isSecure = server.protocol === 'https:';
  const tls = {
    // The machine's authorities are read only where the kubeconfig names none: reading takes time.
    ...(isSecure && { ca: authority ?? readSystemAuthorities(environment) }),
    // As in Go, each certificate that is given is trusted, an intermediate one, too.
    allowPartialTrustChain: true,
    // Said in any case: else NODE_TLS_REJECT_UNAUTHORIZED could switch the verification off.
    rejectUnauthorized: isVerified,
    ...(cluster['tls-server-name'] !== '' && verifyName(cluster['tls-server-name'])),
  };
  const proxyURL = cluster['proxy-url'] || null;
  const { agent, via } = await chooseRoute({ server, proxyURL, environment, tls });
  return {
    server,
    credentials: new RenewedCredentials({
      base: { ...(isSecure && tls), agent, headers: makeImpersonation(selection.user) },
      user: selection.user,
      createSource: (user) => (isSecure ? createSource(user, selection, surroundings) : noCredentials),
      readUserAgain: () => readUserAgain(selection, flags),
    }),
    ...{ via, context },
    // An empty one counts as not given, as for kubectl.
    namespace: flags.namespace || namespace || 'default',
    requestTimeoutMs: flags.requestTimeoutMs === 0 ? null : flags.requestTimeoutMs,
  };
}

/** For kubectl, a flag with an empty value is not given. */
function dropEmpty(flags: ConnectionFlags): ConnectionFlags {
  const { asGroup, asUserExtra, requestTimeoutMs } = flags;
  const given = Object.entries(flags).filter(([, value]) => value !== '');
  return { asGroup, asUserExtra, requestTimeoutMs, ...Object.fromEntries(given) };
}

/** As for kubectl, what travels in the clear has no credentials: such a server is a proxy on this machine. */
const noCredentials: CredentialSource = {
  get: () => Promise.resolve({ authorization: null, certificate: null }),
  expire: () => undefined,
};

function createSource(
  user: UserEntry,
  { userEntry, cluster }: Selection,
  surroundings: PluginSurroundings,
): CredentialSource {
  const owner = userEntry === null ? 'the user' : `the user "${userEntry.name}"`;
  return createCredentialSource(user, owner, cluster, surroundings, userEntry);
}
