import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';
import { readInputFile } from '../kubeconfig/input-file.ts';

/** As client-go's, which leaves a token ten seconds of its minute. */
const keptMs = 50_000;

/** A token in a file that something else renews, such as the kubelet. */
export class TokenFile {
  readonly #path: string;
  readonly #owner: string;
  /** Counts while the file can't be read; empty without. */
  #token: string;
  #readAt = Number.NEGATIVE_INFINITY;

  /**
   * @param owner the user, for messages: `the user "ada"`.
   * @param token that stands beside the file's path in the kubeconfig; empty without.
   */
  constructor(path: string, owner: string, token: string) {
    this.#path = path;
    this.#owner = owner;
    this.#token = token;
  }

  /** @returns the token, read again after a while. @throws Failure `configuration` when there never was one. */
  read(): string {
    if (performance.now() - this.#readAt < keptMs) return this.#token;
    try {
      this.#token = this.#readFile();
      this.#readAt = performance.now();
    } catch (error) {
      if (this.#token === '') throw error;
    }
    return this.#token;
  }

  /** Has the file read again at once. */
  expire(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  #readFile(): string {
    let token: string;
    try {
      token = readInputFile(this.#path).toString().trim();
    } catch (error) {
      throw this.#fail(`can't be read: ${getErrorMessage(error)}`, error);
    }
    if (token === '') throw this.#fail(`is empty: ${this.#path}`, null);
    return token;
  }

  #fail(why: string, cause: unknown): Failure {
    return new Failure('configuration', `tokenFile of ${this.#owner} ${why}`, null, { cause });
  }
}
