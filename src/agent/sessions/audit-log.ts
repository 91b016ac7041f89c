import { getErrorMessage } from '../../failure/error-message.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import type { Session } from './session.ts';

type Audit = SessionSpec['audit'];

/**
 * Writes what was done by whom to the agent's log, as one line of JSON each; never what passes through. A pod's
 * log is the kubelet's file, out of the reach of sessions in containers.
 */
export const auditLog = {
  started: (session: Session) => write('sessionStarted', session, session.spec.audit),

  /** A client that has come back over another connection, or has taken the session over. */
  held: (session: Session, audit: Audit) => write('sessionHeld', session, audit),

  ended: (session: Session) => {
    const { end } = session.state;
    write('sessionEnded', session, session.spec.audit, { end, bytes: session.bytes });
  },

  /** A session that could not be started. */
  refused: (id: string, spec: SessionSpec, error: unknown) =>
    print('sessionRefused', id, spec, spec.audit, {
      error: getErrorMessage(error),
    }),
};

function write(event: string, session: Session, audit: Audit, more: object = {}): void {
  print(event, session.id, session.spec, audit, more);
}

function print(
  event: string,
  id: string,
  { target, command, terminal }: SessionSpec,
  { claimedUser, tunnelID, reason }: Audit,
  more: object,
): void {
  const line = {
    time: new Date().toISOString(),
    event,
    session: id,
    // The agent can't verify it; who it really was stands beside the tunnel ID in the API server's audit log.
    claimed_user: claimedUser,
    tunnel: tunnelID,
    reason,
    target,
    command,
    terminal: terminal !== null,
    ...more,
  };
  console.log(JSON.stringify(line));
}
