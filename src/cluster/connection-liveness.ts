import type { ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { liveness } from '../session/session-routes.ts';

/** A byte stream to an agent. */
export interface AgentStream extends Duplex {
  /** What came from the agent, through whatever is in between. */
  readonly receivedBytes: number;
  /** Ends it as one that is lost. */
  abandon(why: string): void;
}

/**
 * Takes a connection for lost when nothing comes from the agent any more. Asked by HTTP/2's PING, not the
 * websocket's: that is answered by the API server, or a proxy before it, whatever became of the agent.
 * @param limits multiples of a fifth of the first one, which is how often it is looked.
 */
export function watchConnection(session: ClientHttp2Session, tunnel: AgentStream, limits = liveness): void {
  const { pingAfterMs, deadAfterMs } = limits;
  const checkIntervalMs = pingAfterMs / 5;
  let lastBytes = -1;
  let silentMs = 0;
  const timer = setInterval(() => {
    if (session.destroyed) {
      clearInterval(timer);
      return;
    }
    // Steps, not a clock: while this process was stopped or the machine slept, nothing could come.
    silentMs = tunnel.receivedBytes === lastBytes ? silentMs + checkIntervalMs : 0;
    lastBytes = tunnel.receivedBytes;
    if (silentMs >= deadAfterMs) tunnel.abandon(`nothing was received for ${deadAfterMs / 1000} s`);
    else if (silentMs > 0 && silentMs % pingAfterMs === 0) session.ping(() => undefined);
  }, checkIntervalMs);
  const stop = () => clearInterval(timer);
  session.once('close', stop);
  tunnel.once('close', stop);
}
