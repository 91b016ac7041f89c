import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { Failure, type FailureCode } from '../../../failure/failure.ts';
import { readDataField } from '../kubeconfig/entry-data.ts';
import type { UserEntry } from '../kubeconfig/kubeconfig-entries.ts';

/** A client certificate with its key, in PEM. */
export interface ClientCertificate {
  cert: string;
  key: string;
}

/**
 * Reads the client certificate of a user.
 * @param owner the user, for messages: `the user "ada"`.
 * @returns null when the user has none.
 * @throws Failure `configuration` for a certificate without a key, and for what can't be read or does not fit.
 */
export function readClientCertificate(user: UserEntry, owner: string): ClientCertificate | null {
  const read = (field: 'client-certificate' | 'client-key') =>
    readDataField({ owner, field, path: user[field], data: user[`${field}-data`] });
  const cert = read('client-certificate');
  // A key alone proves nothing, and kubectl does not look at it.
  if (cert === null) return null;
  const key = read('client-key');
  if (key === null) {
    throw new Failure(
      'configuration',
      `${owner} has a client certificate without its key`,
      'Set client-key or client-key-data, or give --client-key.',
    );
  }
  return checkCertificate({ cert: cert.toString(), key: key.toString() }, owner, 'configuration');
}

/**
 * Checks that a certificate and a key can be used together. TLS would only say that the handshake failed.
 * @param code of the failure.
 * @throws Failure, which never quotes either.
 */
export function checkCertificate(
  pair: ClientCertificate,
  owner: string,
  code: FailureCode,
): ClientCertificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pair.cert);
  } catch {
    throw new Failure(code, `the client certificate of ${owner} is not a certificate in PEM`);
  }
  if (certificate.checkPrivateKey(readKey(pair.key, owner, code))) return pair;
  throw new Failure(code, `the client key of ${owner} does not belong to its client certificate`);
}

function readKey(key: string, owner: string, code: FailureCode): KeyObject {
  if (/ENCRYPTED/.test(key)) {
    throw new Failure(
      code,
      `the client key of ${owner} is encrypted`,
      'Like kubectl, this program never asks for its password. Decrypt the key: `openssl pkey -in KEY -out PLAIN-KEY`.',
    );
  }
  try {
    return createPrivateKey(key);
  } catch {
    throw new Failure(code, `the client key of ${owner} is not a private key in PEM`);
  }
}
