import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';

/**
 * Makes TLS verify another name than the one that the server is reached by. An IP address is verified, but not sent: a
 * server is never asked for a certificate by address (RFC 6066 3), and Node refuses to do that.
 */
export function verifyName(name: string): Pick<ConnectionOptions, 'servername' | 'checkServerIdentity'> {
  if (isIP(name) === 0) return { servername: name };
  return {
    servername: '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}
