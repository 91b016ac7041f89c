import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

/** Where a release can be downloaded from. */
export interface ReleaseServer {
  baseURL: string;
  close: () => void;
}

/** Serves the files of a folder by their names, whatever path is before them. */
export async function serveRelease(folder: string): Promise<ReleaseServer> {
  const server = createServer((request, response) => {
    const file = createReadStream(join(folder, basename(request.url ?? '')));
    file.on('error', () => response.writeHead(404).end());
    file.pipe(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseURL: `http://127.0.0.1:${port}/releases`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
