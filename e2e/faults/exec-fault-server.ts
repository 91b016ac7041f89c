import { once } from 'node:events';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { copyHeaders, readAPIServer } from './real-api-server.ts';

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** An exec whose websocket stands, and the one to the real API server behind it. */
export interface FaultyExec {
  client: WebSocket;
  server: WebSocket;
  /** The client's connection itself. */
  socket: Socket;
  /** Counts all execs from 1 on. */
  attempt: number;
}

export interface ExecFault {
  /** Answers the upgrade in place of the API server. @returns whether it has. */
  refuse?: (socket: Duplex, attempt: number) => boolean;
  /** Protocols that it speaks. */
  protocols?: string[];
  /** Called when both sides stand. Bytes pass both ways meanwhile. */
  spoil?: (exec: FaultyExec) => void;
}

/** An API server that is the real one in everything but execs. */
export interface ExecFaultServer {
  flags: string[];
  /** How many execs were asked for. */
  countExecs(): number;
  close(): void;
}

export async function startExecFaultServer(fault: ExecFault): Promise<ExecFaultServer> {
  const { url, options } = await readAPIServer();
  const sockets = new Set<Duplex>();
  let attempts = 0;
  const server = createServer((incoming, answer) => {
    const outgoing = request(
      new URL(incoming.url ?? '', url),
      { ...options, agent: false, method: incoming.method, headers: copyHeaders(incoming) },
      (response) => {
        answer.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(answer);
      },
    );
    outgoing.on('error', () => answer.destroy());
    // A watch would go on for ever.
    answer.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  const upgrades = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (fault.protocols ?? protocols).find((name) => offered.has(name)) ?? false,
  });
  server.on('upgrade', (incoming, socket, head) => {
    attempts++;
    const attempt = attempts;
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    if (fault.refuse?.(socket, attempt)) return;
    const target = new URL(incoming.url ?? '', url);
    target.protocol = 'wss:';
    const upstream = new WebSocket(target, fault.protocols ?? protocols, options);
    upstream.on('error', () => socket.destroy());
    // Also one that the client did not wait for.
    socket.once('close', () => upstream.terminate());
    upstream.once('open', () => {
      upgrades.handleUpgrade(incoming, socket, head, (client) => {
        client.on('message', (message: Buffer) => upstream.send(message));
        upstream.on('message', (message: Buffer) => client.send(message));
        client.on('error', () => undefined).once('close', () => upstream.terminate());
        upstream.once('close', (code) => client.close(code === 1000 ? code : 1011));
        fault.spoil?.({ client, server: upstream, socket: socket as Socket, attempt });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    flags: ['--server', `http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    countExecs: () => attempts,
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}
