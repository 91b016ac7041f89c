import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { load } from 'js-yaml';
import { z } from 'zod';
import { getClusterState } from '../cluster/cluster-state.ts';

const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.url() }) })]),
});

/** A way to the API server that a test can cut. */
export interface ApiServerProxy {
  /** Where it is, as a kubeconfig says it. */
  address: string;
  /** What makes a client take it; the certificate is the API server's. */
  flags: string[];
  /** Cuts every connection, as a network does that fails: nothing is said to either end. */
  cut(): void;
  close(): void;
}

/** Starts a proxy that passes bytes on between clients and the API server. */
export async function startApiServerProxy(): Promise<ApiServerProxy> {
  const { kubeconfig } = await getClusterState();
  const { clusters } = kubeconfigSchema.parse(load(await readFile(kubeconfig, 'utf8')));
  const server = new URL(clusters[0].cluster.server);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
  };
  const proxy = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    keep(client);
    keep(upstream);
    client.pipe(upstream).pipe(client);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    sockets.clear();
  };
  const { port } = proxy.address() as AddressInfo;
  const address = `https://127.0.0.1:${port}`;
  return {
    address,
    flags: ['--server', address, '--tls-server-name', 'localhost'],
    cut,
    close: () => {
      proxy.close();
      cut();
    },
  };
}
