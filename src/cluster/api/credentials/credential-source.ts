import type { ClientCertificate } from './client-certificate.ts';

/** What proves who sends a request. */
export interface Proof {
  /** Value of the header Authorization; null without. */
  authorization: string | null;
  certificate: ClientCertificate | null;
}

/** Where proofs come from. */
export interface CredentialSource {
  /** @returns the proof, the same object for as long as nothing has changed. @throws Failure; the signal's reason. */
  get(signal: AbortSignal): Promise<Proof>;
  /** Has the next proof made anew: the API server has refused the last one. */
  expire(): void;
}
