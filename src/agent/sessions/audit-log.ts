import { getErrorMessage } from '../../failure/error-message.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import type { Session } from './session.ts';

type Audit = SessionSpec['audit'];

/**
 * Records who did what, as one line of JSON each; never the bytes of a session. The agent writes it to its pod's log,
 * which is a file of the kubelet: sessions in containers can't reach it.
 */
export class AuditLog {
  readonly #write: (line: string) => void;

  /** @param write takes one line without its end. */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  started(session: Session): void {
    this.#record('sessionStarted', session, session.spec.audit);
  }

  /** A client has come back over another connection, or has taken the session over. */
  held(session: Session, audit: Audit): void {
    this.#record('sessionHeld', session, audit);
  }

  ended(session: Session): void {
    const { end } = session.state;
    this.#record('sessionEnded', session, session.spec.audit, { end, bytes: session.bytes });
  }

  /** A session could not be started. */
  refused(id: string, spec: SessionSpec, error: unknown): void {
    this.#record('sessionRefused', { id, spec }, spec.audit, { error: getErrorMessage(error) });
  }

  #record(event: string, { id, spec }: Pick<Session, 'id' | 'spec'>, audit: Audit, more: object = {}): void {
    const line = {
      time: new Date().toISOString(),
      event,
      session: id,
      // The client's claim, which the agent can't verify: the API server's audit log has the user beside the tunnel ID.
      claimed_user: audit.claimedUser,
      tunnel: audit.tunnelID,
      reason: audit.reason,
      target: spec.target,
      command: spec.command,
      terminal: spec.terminal !== null,
      ...more,
    };
    this.#write(JSON.stringify(line));
  }
}
