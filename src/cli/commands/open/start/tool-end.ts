import type { ApiClient } from '../../../../cluster/api/api-client.ts';
import type { SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import { describeTargetEnd } from '../../../../cluster/target/target-end.ts';
import type { SessionEnd } from '../../../../session-api/session-end.ts';
import { lookUpLimitMs } from '../../../attached/session-end-report.ts';

/** How a program of the toolbox has ended. */
export interface ToolRun {
  end: SessionEnd;
  /** What the program has said on stderr. */
  message: string;
}

/** The exit code of a shell that does not find the program: another toolbox has none. */
const programMissing = 127;

/** Says why the session of a tool has ended before its work was done. Never throws. */
export async function describeToolEnd(
  api: ApiClient,
  selected: SelectedTarget,
  { end, message }: ToolRun,
): Promise<string> {
  if (end.reason === 'targetEnded') return await describeLostTarget(api, selected, end);
  const lastLine = message.split('\n').at(-1) ?? '';
  if (end.reason === 'exited' && end.exitCode === programMissing)
    return `the toolbox does not have the program: ${lastLine}`;
  if (lastLine !== '') return lastLine;
  return end.message ?? `the program in the session ended with exit code ${end.exitCode}`;
}

/** Says why the target of a tool has ended. Never throws. */
export async function describeLostTarget(
  api: ApiClient,
  { target }: SelectedTarget,
  end: SessionEnd,
): Promise<string> {
  const limit = AbortSignal.timeout(lookUpLimitMs);
  const why = target.kind === 'container' ? await describeTargetEnd(api, target, limit) : null;
  return why ?? end.message ?? 'the target has ended';
}
