import { getErrorMessage } from '../../../failure/error-message.ts';

/** What Node.js advises cannot be done here: the plugin's launchers start it. */
const advicePattern = /; if the root CA is installed locally,.*$/;

/** By the codes of https://nodejs.org/api/tls.html#x509-certificate-error-codes. */
const untrusted = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/**
 * Says why a connection failed, in words that a user can do something about.
 * @param authoritySetting what names the server's authorities: `certificate-authority`.
 */
export function explainConnectionError(error: unknown, authoritySetting: string): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  const message = getErrorMessage(error).replace(advicePattern, '');
  if (untrusted.includes(code))
    return `${message}: no trusted authority has signed it. Trusted are those of ${authoritySetting} in the kubeconfig; without it, those of this machine, or of SSL_CERT_FILE`;
  // OpenSSL names the file and the line of its own that found the mistake.
  const [, , reason] = /:SSL routines:([^:]*):([^:]*):/.exec(message) ?? [];
  return reason === undefined ? message : `TLS failed: ${reason}`;
}
