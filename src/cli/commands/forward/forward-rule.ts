import { UsageError } from '../../errors.ts';
import type { ForwardPlace } from '../../../port-forward/channel-multiplexer.ts';

/** A port here, whose connections are made in the target. */
export interface ForwardRule {
  /** 0: any that is free. */
  localPort: number;
  place: ForwardPlace;
}

/** A port in the target, whose connections are made here. */
export interface ReverseRule {
  /** Where the target listens. */
  target: { host: string; port: number };
  local: { host: string; port: number };
}

/** A number alone is a port. */
const host = String.raw`(\[[0-9a-fA-F:.%]+\]|(?!\d+:)[^:/\[\]\s]+)`;
const forwardPattern = new RegExp(`^(?:(\\d*):)?(?:(/.+)|(?:${host}:)?(\\d+))$`);
const reversePattern = new RegExp(`^(?:${host}:)?(\\d+)(?::(?:${host}:)?(\\d+))?$`);
const loopback = '127.0.0.1';

/**
 * Reads `[LOCAL:]PORT`, `[LOCAL:]HOST:PORT` or `[LOCAL:]/PATH`; LOCAL is the same port when it is missing, and a free one
 * when it is empty.
 * @throws UsageError.
 */
export function parseForwardRule(text: string): ForwardRule {
  const [whole, local, path, name, port] = forwardPattern.exec(text) ?? [];
  if (whole === undefined)
    throw new UsageError(`"${text}" is not [LOCAL:]PORT, [LOCAL:]HOST:PORT or [LOCAL:]/PATH`);
  if (path !== undefined) return { localPort: readPort(local || '0', text), place: { path } };
  const remotePort = readPort(port ?? '', text, 1);
  const localPort = local === undefined ? remotePort : readPort(local || '0', text);
  return { localPort, place: { host: readHost(name) ?? 'localhost', port: remotePort } };
}

/**
 * Reads `[HOST:]PORT[:[HOST:]PORT]`, as ssh -R: the first is where the target listens, the second where connections go here.
 * @throws UsageError.
 */
export function parseReverseRule(text: string): ReverseRule {
  const [whole, bind, port = '', name, localPort] = reversePattern.exec(text) ?? [];
  if (whole === undefined) throw new UsageError(`"${text}" is not [HOST:]PORT[:[HOST:]PORT]`);
  return {
    target: { host: readHost(bind) ?? loopback, port: readPort(port, text) },
    local: { host: readHost(name) ?? loopback, port: readPort(localPort ?? port, text, 1) },
  };
}

/** @returns what a place of the target is called in messages. */
export function describePlace(place: ForwardPlace): string {
  if ('path' in place) return place.path;
  return place.host === 'localhost' ? String(place.port) : formatAddress(place.host, place.port);
}

/** @returns `HOST:PORT`, with brackets around an address of IPv6. */
export function formatAddress(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function readHost(text: string | undefined): string | undefined {
  return text?.replace(/^\[|\]$/g, '');
}

function readPort(text: string, whole: string, min = 0): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < min || port > 65_535)
    throw new UsageError(`"${whole}" has a port that does not exist: ${text}`);
  return port;
}
