import type { ServerHttp2Session } from 'node:http2';
import { liveness } from '../session/session-routes.ts';

const checkIntervalMs = 1000;

/**
 * Ends a connection that nothing comes from any more: its client was stopped, sleeps, or is cut off, of which the
 * API server need not know for hours. Asks by a PING first, which any HTTP/2 client answers by itself.
 */
export function watchLiveness(session: ServerHttp2Session): void {
  let lastBytes = -1;
  let silentMs = 0;
  const timer = setInterval(() => {
    if (session.destroyed) {
      clearInterval(timer);
      return;
    }
    // Through Node's proxy of the socket, which HTTP/2 reads from itself.
    const { bytesRead } = session.socket;
    // Steps, not a clock: when this process itself was stopped, nothing could come.
    silentMs = bytesRead === lastBytes ? silentMs + checkIntervalMs : 0;
    lastBytes = bytesRead;
    if (silentMs >= liveness.deadAfterMs) session.destroy();
    else if (silentMs > 0 && silentMs % liveness.pingAfterMs === 0) session.ping(() => undefined);
  }, checkIntervalMs);
  session.once('close', () => clearInterval(timer));
}
