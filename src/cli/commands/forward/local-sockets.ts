import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { Failure } from '../../../failure/failure.ts';

/** A port of this machine that is listened on. */
export interface LocalListener {
  address: string;
  port: number;
  server: Server;
}

/** As kubectl: of the two, one is enough. */
const loopbacks = ['127.0.0.1', '::1'];

/**
 * Listens on a port of some addresses; `localhost` is 127.0.0.1 and ::1.
 * @param port 0: any that is free; the same on all addresses.
 * @throws Failure `portUnavailable`.
 */
export async function listenLocally(
  addresses: string[],
  port: number,
  accept: (socket: Socket) => void,
): Promise<LocalListener[]> {
  const listeners: LocalListener[] = [];
  let chosen = port;
  try {
    for (const name of addresses) {
      const each = name === 'localhost' ? loopbacks : [name];
      const errors: Error[] = [];
      for (const address of each) {
        try {
          const listener = await listen(address, chosen, accept);
          chosen = listener.port;
          listeners.push(listener);
        } catch (error) {
          errors.push(describeRefusal(address, chosen, error as NodeJS.ErrnoException));
        }
      }
      const [first] = errors;
      // Where this machine has no IPv6, ::1 is missing; where another program has the port, it is not free.
      const isTaken = errors.some(({ cause }) => (cause as NodeJS.ErrnoException).code === 'EADDRINUSE');
      if (first !== undefined && (isTaken || errors.length === each.length)) throw first;
    }
  } catch (error) {
    for (const { server } of listeners) server.close();
    throw error;
  }
  return listeners;
}

/** Connects to a program of this machine, or to what this machine reaches; what fails is an event. */
export function connectLocally(place: { host: string; port: number }): Socket {
  return createConnection({ ...place, allowHalfOpen: true, noDelay: true });
}

async function listen(
  address: string,
  port: number,
  accept: (socket: Socket) => void,
): Promise<LocalListener> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accept);
  server.listen(port, address);
  await once(server, 'listening');
  return { address, port: (server.address() as AddressInfo).port, server };
}

function describeRefusal(address: string, port: number, error: NodeJS.ErrnoException): Failure {
  const why: Record<string, string> = {
    EADDRINUSE: 'another program uses it',
    EACCES: 'only root may listen on it',
    EADDRNOTAVAIL: 'this machine does not have the address',
  };
  const reason = why[error.code ?? ''] ?? error.message;
  return new Failure(
    'portUnavailable',
    `the port ${port} of ${address} can't be listened on: ${reason}`,
    'Give another port before the colon, `8081:80`; `:80` takes any that is free.',
    { cause: error },
  );
}
