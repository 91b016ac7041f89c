import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { load } from 'js-yaml';
import { z } from 'zod';
import { getTestedCluster } from './tested-cluster.ts';

const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.url() }) })]),
});

export interface ProxyOptions {
  /** Cuts a connection that carries nothing for so long, in either direction, as load balancers do. */
  idleLimitMs?: number;
  /** Makes each direction's way longer by so much. */
  delayMs?: number;
  /** Called with the size of each piece that comes from the API server, over all connections. */
  onReceived?: (bytes: number) => void;
}

/** A way to the API server that a test can cut. */
export interface ApiServerProxy {
  /** Where it is, as a kubeconfig says it. */
  address: string;
  /** What makes a client take it; the certificate is the API server's. */
  flags: string[];
  /** Resets every connection. */
  cut(): void;
  close(): void;
}

/** Starts a proxy that passes bytes on between clients and the API server. */
export async function startApiServerProxy(options: ProxyOptions = {}): Promise<ApiServerProxy> {
  const { idleLimitMs, delayMs = 0, onReceived } = options;
  const server = await getApiServerURL();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    if (idleLimitMs !== undefined) socket.setTimeout(idleLimitMs, () => socket.resetAndDestroy());
  };
  const proxy = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    keep(client);
    keep(upstream);
    if (onReceived) upstream.on('data', (chunk: Buffer) => onReceived(chunk.length));
    if (delayMs === 0) client.pipe(upstream).pipe(client);
    else client.pipe(delayBytes(delayMs)).pipe(upstream).pipe(delayBytes(delayMs)).pipe(client);
    // Later, as what is still on its way comes first.
    const endWith = (one: Socket, other: Socket) =>
      one.once('close', () => void setTimeout(() => other.destroy(), 2 * delayMs));
    endWith(client, upstream);
    endWith(upstream, client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
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

/** Where the API server listens, as the cluster's kubeconfig says it. */
async function getApiServerURL(): Promise<URL> {
  const { kubeconfig } = await getTestedCluster();
  const { clusters } = kubeconfigSchema.parse(load(await readFile(kubeconfig, 'utf8')));
  return new URL(clusters[0].cluster.server);
}

/** Passes bytes on later; as many as a long line holds are on their way at once. */
function delayBytes(ms: number): Transform {
  return new Transform({
    highWaterMark: 16 * 1024 * 1024,
    transform(chunk: Buffer, _encoding, callback) {
      void delay(ms).then(() => this.push(chunk));
      callback();
    },
    flush(callback) {
      void delay(ms).then(() => callback());
    },
  });
}
