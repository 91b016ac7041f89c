import { ProblemError } from '../../session-api/problem.ts';
import { maxOutputBufferBytes } from '../../session-api/session-spec.ts';

/** Limit of all outputs together, those of ended sessions included. */
export const maxBufferBytes = 4 * maxOutputBufferBytes;

/** Ended sessions that are kept at most. */
export const maxKeptSessions = 500;

/** How much of the agent's memory one session takes, or may come to take. */
export interface BufferClaim {
  /** The session's ID. */
  id: string;
  bytes: number;
  hasEnded: boolean;
}

/**
 * Decides whether one more session may start.
 * @param running sessions that start or run now.
 * @throws ProblemError `draining`, `capacity`.
 */
export function checkAdmission(running: number, maxSessions: number, isDraining: boolean): void {
  if (isDraining)
    throw new ProblemError('draining', 'the agent is about to exit', 'Try again: another agent is started.');
  if (running < maxSessions) return;
  throw new ProblemError(
    'capacity',
    `the agent of this node already holds ${maxSessions} sessions, as many as its memory limit allows`,
    'Wait until one of them ends.',
  );
}

/**
 * Decides which ended sessions are forgotten so that all others fit the memory.
 * @param claims of all sessions, oldest first; the session that starts is among them.
 * @returns the IDs of the sessions to forget.
 * @throws ProblemError `capacity` when the outputs do not fit without the ended sessions either.
 */
export function makeRoom(claims: BufferClaim[]): string[] {
  const forgotten: string[] = [];
  let bytes = claims.reduce((sum, claim) => sum + claim.bytes, 0);
  let kept = claims.filter(({ hasEnded }) => hasEnded).length;
  for (const claim of claims) {
    if (bytes <= maxBufferBytes && kept <= maxKeptSessions) break;
    if (!claim.hasEnded) continue;
    forgotten.push(claim.id);
    bytes -= claim.bytes;
    kept--;
  }
  if (bytes <= maxBufferBytes) return forgotten;
  throw new ProblemError(
    'capacity',
    `the outputs of the sessions on this node would take more than ${maxBufferBytes / 1024 / 1024} MiB`,
    'Wait until one of the sessions ends, or ask for a smaller --output-buffer.',
  );
}
