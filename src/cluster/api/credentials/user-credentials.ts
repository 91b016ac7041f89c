import { Failure } from '../../../failure/failure.ts';
import type { ClusterEntry, NamedEntry, UserEntry } from '../kubeconfig/kubeconfig-entries.ts';
import { IDTokenSource, type ProviderPlace } from '../oidc/id-token-source.ts';
import { refuseUnknownProvider } from './auth-provider.ts';
import { readClientCertificate } from './client-certificate.ts';
import type { CredentialSource, Proof } from './credential-source.ts';
import { refuseUnusablePlugin } from './exec-plugin/exec-plugin.ts';
import { PluginCredentials } from './exec-plugin/plugin-credentials.ts';
import type { PluginSurroundings } from './exec-plugin/plugin-surroundings.ts';
import { SharedRun } from './shared-run.ts';
import { TokenFile } from './token-file.ts';
import { hasBasicAuth, refuseUnusable } from './user-rules.ts';

/**
 * Decides which of a user's credentials count, as client-go does: a token, a password or a certificate before a plugin.
 * @param owner the user, for messages: `the user "ada"`.
 * @param cluster is told to a plugin that asks for it.
 * @param entry where the user stands, to keep renewed tokens there; null for nowhere.
 * @throws Failure `configuration` for a user that kubectl refuses, or who has no credentials.
 */
export function createCredentialSource(
  user: UserEntry,
  owner: string,
  cluster: ClusterEntry,
  surroundings: PluginSurroundings,
  entry: NamedEntry | null,
): CredentialSource {
  refuseUnusable(user, owner);
  const { exec, 'auth-provider': provider } = user;
  if (exec) refuseUnusablePlugin(exec, owner);
  if (provider) refuseUnknownProvider(provider, owner);
  const certificate = readClientCertificate(user, owner);
  const { environment } = surroundings;
  const authorization = chooseAuthorization(user, { owner, entry, environment });
  if (authorization === null && certificate === null) {
    if (exec) return new PluginCredentials(exec, cluster, surroundings);
    throw new Failure(
      'configuration',
      `${owner} has no credentials`,
      'kubectl would ask for a user name and a password. Give --token, or another user with --user or --context.',
    );
  }
  return new ReadCredentials({ authorization: null, certificate }, authorization);
}

/** What the header Authorization is read from. */
interface Authorization {
  read: (signal: AbortSignal) => string | Promise<string>;
  expire: () => void;
}

function chooseAuthorization(user: UserEntry, place: ProviderPlace): Authorization | null {
  const { token, tokenFile, username, password, 'auth-provider': provider } = user;
  const nothing = () => undefined;
  if (tokenFile !== '') {
    const file = new TokenFile(tokenFile, place.owner, token.trim());
    return { read: () => `Bearer ${file.read()}`, expire: () => file.expire() };
  }
  if (token !== '') return { read: () => `Bearer ${token.trim()}`, expire: nothing };
  if (hasBasicAuth(user)) {
    const pair = Buffer.from(`${username}:${password}`).toString('base64');
    return { read: () => `Basic ${pair}`, expire: nothing };
  }
  if (!provider) return null;
  const source = new IDTokenSource(provider.config, place);
  // As for kubectl, a 401 is no reason to renew a token that has not expired.
  return { read: async (signal) => `Bearer ${await source.read(signal)}`, expire: nothing };
}

/** Credentials that are read for each request. However many ask at once, they are read once. */
class ReadCredentials implements CredentialSource {
  readonly #authorization: Authorization | null;
  readonly #run = new SharedRun<Proof>();
  #proof: Proof;

  constructor(proof: Proof, authorization: Authorization | null) {
    this.#proof = proof;
    this.#authorization = authorization;
  }

  /** @throws Failure `configuration`, `credentials`; the signal's reason. */
  async get(signal: AbortSignal): Promise<Proof> {
    return await this.#run.join((shared) => this.#read(shared), signal);
  }

  expire(): void {
    this.#authorization?.expire();
  }

  async #read(signal: AbortSignal): Promise<Proof> {
    const authorization = (await this.#authorization?.read(signal)) ?? null;
    if (authorization !== this.#proof.authorization) this.#proof = { ...this.#proof, authorization };
    return this.#proof;
  }
}
