import type { Socket } from 'node:net';
import { raceAbort } from '../failure/abort-race.ts';

/** The parts of SOCKS5 that a client needs to have connections made (https://www.rfc-editor.org/rfc/rfc1928). */
const version = 5;
const noAuthentication = 0;
const noAcceptableMethod = 0xff;
const connectCommand = 1;
const addressTypes = { ipv4: 1, name: 3, ipv6: 4 } as const;
export const socksReplies = {
  succeeded: 0,
  failed: 1,
  refused: 5,
  commandNotSupported: 7,
  addressNotSupported: 8,
} as const;

/** The host and port that a client asks for. The target resolves the name. */
export interface SocksRequest {
  host: string;
  port: number;
}

/**
 * Speaks with a client up to its request.
 * @returns the request, which {@link sendSocksReply} answers; null for a client that was sent away.
 * @throws Error when the client does not speak SOCKS5, or goes; the signal's reason.
 */
export async function readSocksRequest(socket: Socket, signal: AbortSignal): Promise<SocksRequest | null> {
  const read = (bytes: number) => readExactly(socket, bytes, signal);
  const [spoken, methodCount = 0] = await read(2);
  if (spoken !== version) throw new Error('the client does not speak SOCKS5');
  const methods = await read(methodCount);
  const isOpen = methods.includes(noAuthentication);
  socket.write(Buffer.of(version, isOpen ? noAuthentication : noAcceptableMethod));
  if (!isOpen) return endSocket(socket);
  const [, command, , type] = await read(4);
  if (command !== connectCommand) return refuse(socket, socksReplies.commandNotSupported);
  const host = await readHost(read, type);
  if (host === null) return refuse(socket, socksReplies.addressNotSupported);
  return { host, port: (await read(2)).readUInt16BE() };
}

/** Answers a request. The address that the connection comes from is not known here, and clients do not need it. */
export function sendSocksReply(socket: Socket, reply: number): void {
  socket.write(Buffer.of(version, reply, 0, addressTypes.ipv4, 0, 0, 0, 0, 0, 0));
}

async function readHost(
  read: (bytes: number) => Promise<Buffer>,
  type: number | undefined,
): Promise<string | null> {
  if (type === addressTypes.ipv4) return [...(await read(4))].join('.');
  if (type === addressTypes.name) {
    const [length = 0] = await read(1);
    return (await read(length)).toString();
  }
  if (type !== addressTypes.ipv6) return null;
  const address = await read(16);
  return Array.from({ length: 8 }, (_, index) => address.readUInt16BE(index * 2).toString(16)).join(':');
}

function refuse(socket: Socket, reply: number): null {
  sendSocksReply(socket, reply);
  return endSocket(socket);
}

function endSocket(socket: Socket): null {
  socket.end();
  return null;
}

/** What waits is taken whole, and the rest put back: for what it has already, a stream is readable again and again. */
async function readExactly(socket: Socket, bytes: number, signal: AbortSignal): Promise<Buffer> {
  let got: Buffer = Buffer.alloc(0);
  while (got.length < bytes) {
    const piece = socket.read() as Buffer | null;
    if (piece !== null) got = Buffer.concat([got, piece]);
    else if (socket.readableEnded || socket.destroyed) throw new Error('the client has gone');
    else await waitForMore(socket, signal);
  }
  if (got.length > bytes) socket.unshift(got.subarray(bytes));
  return got.subarray(0, bytes);
}

async function waitForMore(socket: Socket, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const events = ['readable', 'end', 'close'];
  for (const event of events) socket.once(event, resolve);
  try {
    await raceAbort(promise, signal);
  } finally {
    for (const event of events) socket.off(event, resolve);
  }
}
