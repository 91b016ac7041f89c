import { ProblemError } from '../../../session-api/problem.ts';
import { maxOutputBufferBytes, minOutputBufferBytes } from '../../../session-api/session-spec.ts';

/** Limit of all outputs together, those of ended sessions included; each output may have its least beyond that. */
export const maxBufferBytes = 4 * maxOutputBufferBytes;
/** An output has room for so much, however many there are. */
export const leastBufferBytes = minOutputBufferBytes;

/** Ended sessions that are kept at most. */
export const maxKeptSessions = 500;

/** How much of the agent's memory one session takes. */
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
    `the agent of this node already holds ${maxSessions} sessions, the most of one agent`,
    'Wait until one of them ends.',
  );
}

/**
 * Decides how large the buffer of an output becomes, when the first byte comes: one output never takes more than a quarter
 * of what is left, so that all that come later have room, too.
 * @param wantedBytes what the client asked for.
 * @param heldBytes what all other outputs take.
 */
export function decideBufferBytes(wantedBytes: number, heldBytes: number): number {
  const share = Math.floor((maxBufferBytes - heldBytes) / 4);
  return Math.min(wantedBytes, Math.max(leastBufferBytes, share));
}

/**
 * Decides which ended sessions are forgotten so that all others have room.
 * @param claims of all sessions, oldest first; the session that starts is among them.
 * @returns the IDs of the sessions to forget.
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
  return forgotten;
}
