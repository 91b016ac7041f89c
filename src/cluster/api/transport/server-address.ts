import { Failure } from '../../../failure/failure.ts';

/**
 * Reads the address of an API server as client-go does. A path is a prefix of each request's; query and fragment are
 * dropped (https://pkg.go.dev/k8s.io/client-go/rest#DefaultServerUrlFor).
 * @param hasTLS whether TLS settings are given: an address without a scheme then means https.
 * @returns a URL whose path ends with "/".
 * @throws Failure `configuration`.
 */
export function parseServerAddress(address: string, hasTLS: boolean): URL {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address);
  const url = URL.parse(hasScheme ? address : `${hasTLS ? 'https' : 'http'}://${address}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Failure(
      'configuration',
      `"${address}" is not the address of an API server`,
      'It is written as https://HOST:PORT.',
    );
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/`;
  url.search = '';
  url.hash = '';
  return url;
}
