import { type ClientRequest, request as requestHTTP } from 'node:http';
import { request as requestHTTPS, type RequestOptions } from 'node:https';

/**
 * Begins a request. All that this program asks of a server over HTTP begins here; `npm run check` holds that nothing
 * else opens a connection.
 * @param options among them the agent, which knows the way (server-route.ts).
 */
export function beginRequest(url: URL, options: RequestOptions): ClientRequest {
  return url.protocol === 'http:' ? requestHTTP(url, options) : requestHTTPS(url, options);
}
