import type { ApiClient } from '../../cluster/api/api-client.ts';
import { Failure } from '../../failure/failure.ts';
import type { Reporter } from '../../failure/reporter.ts';
import { describeTargetEnd } from '../../cluster/target/target-end.ts';
import type { SessionEnd } from '../../session-api/session-end.ts';
import type { SessionTarget } from '../../session-api/session-spec.ts';

/** How long the API server is asked why something has ended: the kubelet tells it a moment later. */
export const lookUpLimitMs = 3000;

/**
 * Says why a session ended when its command did not end by itself.
 * @returns the exit code.
 * @throws Failure `sessionFailed` when it was not the target or the command that ended it.
 */
export async function reportSessionEnd(
  end: SessionEnd,
  api: ApiClient,
  target: SessionTarget,
  reporter: Reporter,
): Promise<number> {
  const message = await describeEnd(end, api, target);
  if (message !== null) reporter.error(message);
  return end.exitCode;
}

async function describeEnd(end: SessionEnd, api: ApiClient, target: SessionTarget): Promise<string | null> {
  switch (end.reason) {
    case 'exited':
      return null;
    case 'targetEnded': {
      const why =
        target.kind === 'container'
          ? await describeTargetEnd(api, target, AbortSignal.timeout(lookUpLimitMs))
          : null;
      return `the target has ended, and the session with it: ${why ?? end.message ?? 'no reason is known'}`;
    }
    case 'memoryLimit':
      return `the session reached its memory limit${end.message === null ? '' : `: ${end.message}`}`;
    case 'deleted':
      throw new Failure(
        'sessionFailed',
        `the session was ended before its command${end.message === null ? '' : `: ${end.message}`}`,
        'When it is run again, another agent is made if there is none.',
      );
    case 'failed':
      throw new Failure('sessionFailed', end.message ?? 'the session could not be started');
  }
}
