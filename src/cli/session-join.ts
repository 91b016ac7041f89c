import type { AgentSession } from '../cluster/session/open-session.ts';
import type { ApiConnection } from '../cluster/api/kubeconfig.ts';
import { reconnect } from '../cluster/session/reconnection.ts';
import { SessionLink } from '../cluster/session/client-session.ts';
import type { SessionSpec } from '../session-api/session-spec.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { StatusRow } from '../terminal/status-row.ts';
import type { Context } from './context.ts';
import { type AttachmentOptions, SessionAttachment } from './attached/terminal-attachment.ts';

export interface JoinOptions extends Omit<AttachmentOptions, 'sessionID'> {
  agentNamespace: string;
  audit: Omit<SessionSpec['audit'], 'tunnelID'>;
  /** How long it is tried to come back: as long as the agent keeps the session. */
  graceSeconds: number;
  loadConnection: () => Promise<ApiConnection>;
  quiet: boolean;
  traceStep: (line: string) => void;
  signal: AbortSignal;
}

/** Joins a session over its first connection; when that is lost, over others. */
export function joinSession(
  { id, pod, connection, started }: AgentSession,
  options: JoinOptions,
  context: Context,
): SessionAttachment {
  const { client, audit, hasTerminal, quiet, traceStep } = options;
  const status = new (hasTerminal ? StatusRow : ProgressLine)(context.stderr, !quiet);
  const link: SessionLink = new SessionLink(connection, {
    started,
    onLost: (cause) => {
      status.show('crashcart: the connection is lost; reconnecting…');
      traceStep(`${cause.message}; reconnecting`);
    },
    reconnect: async (cause) => {
      try {
        return await reconnect(cause, {
          loadConnection: options.loadConnection,
          agent: { namespace: options.agentNamespace, pod },
          sessionID: id,
          hold: client === null ? null : { client, audit },
          bulk: !hasTerminal,
          limitMs: options.graceSeconds * 1000,
          signal: options.signal,
        });
      } finally {
        status.clear();
      }
    },
    onRestored: () => {
      traceStep('the connection is back');
      void attachment.redraw();
    },
  });
  const attachment = new SessionAttachment(link, { ...options, sessionID: id }, context);
  return attachment;
}
