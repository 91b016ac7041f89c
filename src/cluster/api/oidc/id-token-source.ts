import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';
import { readDataField } from '../kubeconfig/entry-data.ts';
import { keepProviderConfig } from '../kubeconfig/kept-config.ts';
import type { NamedEntry } from '../kubeconfig/kubeconfig-entries.ts';
import { isValidIDToken } from './id-token.ts';
import { renewTokens } from './token-renewal.ts';

/** Where the settings of the auth-provider `oidc` stand. */
export interface ProviderPlace {
  /** The user, for messages: `the user "ada"`. */
  owner: string;
  /** The user's entry, in which renewed tokens are kept; null: they are kept in memory alone. */
  entry: NamedEntry | null;
  environment: NodeJS.ProcessEnv;
}

/** The ID token of the auth-provider `oidc`, renewed when it has expired. */
export class IDTokenSource {
  readonly #place: ProviderPlace;
  #config: Record<string, string>;

  /**
   * @param config of the auth-provider.
   * @throws Failure `configuration` for one that kubectl refuses.
   */
  constructor(config: Record<string, string>, place: ProviderPlace) {
    for (const name of ['idp-issuer-url', 'client-id']) {
      if (config[name]) continue;
      const message = `the auth-provider "oidc" of ${place.owner} has no ${name}`;
      throw new Failure('configuration', message);
    }
    this.#config = config;
    this.#place = place;
  }

  /**
   * @returns a token that is still good.
   * @throws Failure `credentials`, `configuration`; the signal's reason.
   */
  async read(signal: AbortSignal): Promise<string> {
    const { owner, environment } = this.#place;
    const { 'id-token': token = '', 'refresh-token': refreshToken = '' } = this.#config;
    if (token !== '' && isValidIDToken(token, owner)) return token;
    if (refreshToken === '') {
      throw new Failure(
        'credentials',
        `the id-token of ${owner} ${token === '' ? 'is missing' : 'has expired'}`,
        'There is no refresh-token to renew it with. Log in again.',
      );
    }
    const {
      'idp-issuer-url': issuer = '',
      'client-id': id = '',
      'client-secret': secret = '',
    } = this.#config;
    const options = { authority: this.#readAuthority(), environment, signal };
    const renewed = await renewTokens({ issuer, id, secret, refreshToken }, owner, options);
    await this.#keep(
      { 'id-token': renewed.idToken, 'refresh-token': renewed.refreshToken ?? refreshToken },
      signal,
    );
    return renewed.idToken;
  }

  /** As for kubectl, tokens that can't be kept are not used: the next command would not know the refresh-token. */
  async #keep(tokens: Record<string, string>, signal: AbortSignal): Promise<void> {
    const { owner, entry } = this.#place;
    try {
      if (entry !== null) await keepProviderConfig(entry, tokens, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const message = `the renewed tokens of ${owner} can't be kept in ${entry?.file}: ${getErrorMessage(error)}`;
      throw new Failure('credentials', message, 'As for kubectl, the kubeconfig has to be writable.', {
        cause: error,
      });
    }
    this.#config = { ...this.#config, ...tokens };
  }

  /** As in Go, the data count before the file. The path is relative to the working folder, as kubectl takes it. */
  #readAuthority(): Buffer | null {
    const field = 'idp-certificate-authority';
    const { [field]: file = '', [`${field}-data`]: data = '' } = this.#config;
    const path = data === '' ? file : '';
    return readDataField({ owner: this.#place.owner, field, data, path });
  }
}
