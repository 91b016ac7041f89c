import type { Agent } from 'node:http';

/**
 * Closes the connections that are kept for further requests, but not those in use. What has broken one connection (a
 * machine that slept, another network, a proxy that was restarted) has often broken the others: a request over one of
 * them fails, or waits for an answer that never comes.
 */
export function dropKeptConnections({ freeSockets }: Agent): void {
  for (const socket of Object.values(freeSockets).flatMap((kept) => kept ?? [])) socket.destroy();
}
