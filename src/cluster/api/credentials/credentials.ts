import type { RequestOptions } from 'node:https';
import type { Agent } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { UserEntry } from '../kubeconfig/kubeconfig-entries.ts';
import type { CredentialSource, Proof } from './credential-source.ts';

/** What a request or a websocket is made with. */
export interface ConnectionOptions extends RequestOptions {
  /** Makes the connections, and keeps them for further requests. */
  agent: Agent;
  headers: Record<string, string | string[]>;
}

/** The credentials of one user, for as long as a command runs. */
export interface Credentials {
  /** For the next request, as of the last call of a method; without credentials before the first one. */
  readonly options: ConnectionOptions;
  /**
   * Renews what has expired; to be called before each request.
   * @returns {@link options}, the same object for as long as nothing has changed.
   * @throws Failure `credentials`, `configuration`; the signal's reason.
   */
  prepare(signal: AbortSignal): Promise<ConnectionOptions>;
  /**
   * Gets others after a 401.
   * @param refused what the refused request was made with.
   * @returns whether there are others, so that the request may be sent once more.
   * @throws Failure `credentials`; the signal's reason.
   */
  refresh(refused: ConnectionOptions, signal: AbortSignal): Promise<boolean>;
  /** Reads the user's entry again, for a connection that comes back after a long time; then does as prepare does. */
  reload(signal: AbortSignal): Promise<ConnectionOptions>;
}

/** What the credentials of a user are made from. */
export interface CredentialOptions {
  /** All but the credentials. */
  base: ConnectionOptions;
  user: UserEntry;
  /** @throws Failure `configuration`. */
  createSource: (user: UserEntry) => CredentialSource;
  /** Reads the user's entry again; null when it can't be read, or is another cluster's by now. */
  readUserAgain: () => UserEntry | null;
}

/** Credentials that are renewed: by a plugin, from a token's file, from the kubeconfig. */
export class RenewedCredentials implements Credentials {
  readonly #given: CredentialOptions;
  #user: UserEntry;
  #source: CredentialSource;
  #proof: Proof | null = null;
  #options: ConnectionOptions;

  /** @throws Failure `configuration` for a user that can't be used. */
  constructor(given: CredentialOptions) {
    this.#given = given;
    this.#user = given.user;
    this.#source = given.createSource(given.user);
    this.#options = given.base;
  }

  get options(): ConnectionOptions {
    return this.#options;
  }

  async prepare(signal: AbortSignal): Promise<ConnectionOptions> {
    return this.#use(await this.#source.get(signal));
  }

  async refresh(refused: ConnectionOptions, signal: AbortSignal): Promise<boolean> {
    if (this.#options !== refused) return true;
    const before = this.#proof;
    this.#source.expire();
    await this.reload(signal);
    return !isDeepStrictEqual(this.#proof, before);
  }

  async reload(signal: AbortSignal): Promise<ConnectionOptions> {
    const user = this.#given.readUserAgain();
    const isKept = (user?.exec ?? user?.['auth-provider']) && isDeepStrictEqual(user, this.#user);
    if (user === null || isKept) return await this.prepare(signal);
    try {
      const source = this.#given.createSource(user);
      const options = this.#use(await source.get(signal));
      this.#source = source;
      this.#user = user;
      return options;
    } catch {
      // Half of it may be written by now: what was good before may still be.
      signal.throwIfAborted();
      return await this.prepare(signal);
    }
  }

  #use(proof: Proof): ConnectionOptions {
    if (isDeepStrictEqual(proof, this.#proof)) return this.#options;
    const { base } = this.#given;
    this.#proof = proof;
    const { authorization, certificate } = proof;
    this.#options = {
      ...base,
      ...certificate,
      headers: { ...base.headers, ...(authorization !== null && { Authorization: authorization }) },
    };
    return this.#options;
  }
}
