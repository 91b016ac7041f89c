import type { ApiClient } from '../../cluster/api/api-client.ts';
import { Failure } from '../../failure/failure.ts';
import type { Reporter } from '../../failure/reporter.ts';
import { describeTargetEnd } from '../../cluster/target/target-end.ts';
import type { LeftProcess, SessionEnd } from '../../session-api/session-end.ts';
import type { SessionTarget } from '../../session-api/session-spec.ts';

/** How long the API server is asked why a target ended: the kubelet reports it a moment later. */
export const lookUpLimitMs = 3000;

/**
 * Reports why a session ended, unless its command exited by itself.
 * @returns the exit code to end with.
 * @throws Failure `sessionFailed` when the session was deleted, or failed.
 */
export async function reportSessionEnd(
  end: SessionEnd,
  api: ApiClient,
  target: SessionTarget,
  reporter: Reporter,
): Promise<number> {
  for (const warning of end.warnings) reporter.warning(warning);
  if (end.leftProcesses.length > 0) reporter.warning(describeLeft(end.leftProcesses));
  const message = await describeEnd(end, api, target);
  if (message !== null) reporter.error(message);
  return end.exitCode;
}

/**
 * Tells that a target has ended whose next run is entered as well.
 * @param reporter null: nothing is told.
 */
export async function noteFollowedEnd(
  end: SessionEnd,
  api: ApiClient,
  target: Extract<SessionTarget, { kind: 'container' }>,
  reporter: Reporter | null,
): Promise<void> {
  if (reporter === null) return;
  for (const warning of end.warnings) reporter.warning(warning);
  const why = await describeTargetEnd(api, target, AbortSignal.timeout(lookUpLimitMs));
  reporter.note(`${why ?? 'the target has ended'}; its next start is waited for`);
}

/** Names what could not be ended. Process names are the target's own: to be printed by the reporter, which escapes. */
export function describeLeft(left: LeftProcess[]): string {
  const names = left.map(({ pid, name }) => `${name} (PID ${pid} on the node)`).join(', ');
  return `some processes can't be ended, as they wait in the kernel: ${names}`;
}

async function describeEnd(end: SessionEnd, api: ApiClient, target: SessionTarget): Promise<string | null> {
  switch (end.reason) {
    case 'exited':
      return null;
    case 'targetEnded': {
      if (target.kind === 'container' && target.hasEnded)
        return `the session has ended: ${end.message ?? 'its target is gone'}`;
      const why =
        target.kind === 'container'
          ? await describeTargetEnd(api, target, AbortSignal.timeout(lookUpLimitMs))
          : null;
      return `the target has ended, and the session with it: ${why ?? end.message ?? 'no reason is known'}`;
    }
    case 'memoryLimit':
      return end.message ?? 'the session reached its memory limit';
    case 'deleted':
      throw new Failure(
        'sessionFailed',
        `the session was ended while its command was running${end.message === null ? '' : `: ${end.message}`}`,
        'Run it again: another agent is made if there is none.',
      );
    case 'failed':
      throw new Failure('sessionFailed', end.message ?? 'the session could not be started');
  }
}
