import type { ClientHttp2Session, ServerHttp2Session } from 'node:http2';
import { livenessLimits } from './liveness-limits.ts';

const checkIntervalMs = 1000;

/** The parts of the watch that differ between the two ends. */
export interface LivenessOptions {
  /** @returns the bytes that have come from the other end until now. */
  countReceived: () => number;
  /** Ends the lost connection. */
  end: (silentMs: number) => void;
}

/**
 * Watches a connection until it is closed, and ends it when no bytes come any more: the other end is stopped, asleep or
 * cut off. Before that it asks by HTTP/2's PING, which the other end itself answers. A ping of the websocket would be
 * answered by the API server or a proxy, whatever became of the other end.
 */
export function watchLiveness(
  session: ClientHttp2Session | ServerHttp2Session,
  { countReceived, end }: LivenessOptions,
): void {
  let lastBytes = -1;
  let silentMs = 0;
  const timer = setInterval(() => {
    if (session.destroyed) {
      clearInterval(timer);
      return;
    }
    const bytes = countReceived();
    // Steps, not a clock: while this process was stopped or the machine slept, nothing could come.
    silentMs = bytes === lastBytes ? silentMs + checkIntervalMs : 0;
    lastBytes = bytes;
    if (silentMs >= livenessLimits.deadAfterMs) end(silentMs);
    else if (silentMs > 0 && silentMs % livenessLimits.pingAfterMs === 0) session.ping(() => undefined);
  }, checkIntervalMs);
  session.once('close', () => clearInterval(timer));
}
