import type { ClientHttp2Session, ServerHttp2Session } from 'node:http2';

/**
 * Silence after which the other end is asked whether it is there, and after which the connection is taken for
 * lost, by either end. Any byte is a sign of life. The first is below the 60 s after which load balancers cut.
 */
const limits = { pingAfterMs: 5000, deadAfterMs: 15_000 };
const checkIntervalMs = 1000;

/** What the two ends of a connection differ in. */
export interface LivenessOptions {
  /** @returns the bytes that have come from the other end until now. */
  countReceived: () => number;
  /** Ends the connection, which is lost. */
  end: (silentMs: number) => void;
}

/**
 * Watches a connection for bytes, until it is closed, and ends it when none come any more: the other end was
 * stopped, sleeps, or is cut off. Asks by HTTP/2's PING first, which any end answers by itself; the websocket's own is
 * answered by the API server, or a proxy before it, whatever became of the other end.
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
    if (silentMs >= limits.deadAfterMs) end(silentMs);
    else if (silentMs > 0 && silentMs % limits.pingAfterMs === 0) session.ping(() => undefined);
  }, checkIntervalMs);
  session.once('close', () => clearInterval(timer));
}
