import { Failure } from '../../../failure/failure.ts';
import type { ClusterEntry, UserEntry } from '../kubeconfig/kubeconfig-entries.ts';
import { readIDToken, refuseUnknownProvider } from './auth-provider.ts';
import { readClientCertificate } from './client-certificate.ts';
import type { CredentialSource, Proof } from './credential-source.ts';
import { refuseUnusablePlugin } from './exec-plugin.ts';
import { PluginCredentials } from './plugin-credentials.ts';
import type { PluginSurroundings } from './plugin-surroundings.ts';
import { TokenFile } from './token-file.ts';
import { hasBasicAuth, refuseUnusable } from './user-rules.ts';

/**
 * Decides which of a user's credentials count, as client-go does: a token, a password or a certificate before a plugin.
 * @param owner the user, for messages: `the user "ada"`.
 * @param cluster is told to a plugin that asks for it.
 * @throws Failure `configuration` for a user that kubectl refuses, or who has no credentials.
 */
export function createCredentialSource(
  user: UserEntry,
  owner: string,
  cluster: ClusterEntry,
  surroundings: PluginSurroundings,
): CredentialSource {
  refuseUnusable(user, owner);
  const { exec, 'auth-provider': provider } = user;
  if (exec) refuseUnusablePlugin(exec, owner);
  if (provider) refuseUnknownProvider(provider, owner);
  const certificate = readClientCertificate(user, owner);
  const readAuthorization = chooseAuthorization(user, owner);
  if (readAuthorization === null && certificate === null) {
    if (exec) return new PluginCredentials(exec, cluster, surroundings);
    throw new Failure(
      'configuration',
      `${owner} has no credentials`,
      'kubectl would ask for a user name and a password. Give --token, or another user with --user or --context.',
    );
  }
  return new ReadCredentials({ authorization: null, certificate }, readAuthorization);
}

/** What the header Authorization is read from. */
interface Authorization {
  read: () => string;
  expire: () => void;
}

function chooseAuthorization(user: UserEntry, owner: string): Authorization | null {
  const { token, tokenFile, username, password, 'auth-provider': provider } = user;
  const nothing = () => undefined;
  if (tokenFile !== '') {
    const file = new TokenFile(tokenFile, owner, token.trim());
    return { read: () => `Bearer ${file.read()}`, expire: () => file.expire() };
  }
  if (token !== '') return { read: () => `Bearer ${token.trim()}`, expire: nothing };
  if (hasBasicAuth(user)) {
    const pair = Buffer.from(`${username}:${password}`).toString('base64');
    return { read: () => `Basic ${pair}`, expire: nothing };
  }
  return provider ? { read: () => `Bearer ${readIDToken(provider, owner)}`, expire: nothing } : null;
}

/** Credentials that can be read at any time. */
class ReadCredentials implements CredentialSource {
  readonly #authorization: Authorization | null;
  #proof: Proof;

  constructor(proof: Proof, authorization: Authorization | null) {
    this.#proof = proof;
    this.#authorization = authorization;
  }

  /** @throws Failure `configuration`, `credentials`. */
  get(): Promise<Proof> {
    // What can't be read rejects.
    return new Promise((resolve) => resolve(this.#read()));
  }

  expire(): void {
    this.#authorization?.expire();
  }

  #read(): Proof {
    const authorization = this.#authorization?.read() ?? null;
    if (authorization !== this.#proof.authorization) this.#proof = { ...this.#proof, authorization };
    return this.#proof;
  }
}
