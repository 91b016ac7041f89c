import { findTargets } from '../../../../cluster/target/selection/find-targets.ts';
import type { SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import { Failure } from '../../../../failure/failure.ts';
import { pickRow } from '../../../../terminal/row-picker.ts';
import type { Context } from '../../../context.ts';
import { InterruptedError, UsageError } from '../../../errors.ts';
import { openApi } from '../../../options/access-options.ts';
import { runUntilInterrupted } from '../../../process/lifetime.ts';
import type { RequestedSession, SessionOptions } from '../session-request.ts';
import type { ManyRequest } from './many-request.ts';

/**
 * Lets the user of a terminal choose one of many targets for a shell: nobody wants a shell in each.
 * @returns the options of a session with that target.
 * @throws UsageError without a terminal; InterruptedError when the user leaves; what
 *   findTargets throws; the error of a target when none can be entered.
 */
export async function chooseAmong(
  requested: RequestedSession,
  { selection }: ManyRequest,
  context: Context,
): Promise<SessionOptions> {
  const { stdin, stderr } = context;
  if (!stdin.isTTY || !stderr.isTTY)
    throw new UsageError('many targets, and no command: a command stands after --, or is given by --tool');
  return await runUntilInterrupted(async (signal) => {
    const api = await openApi(requested, context);
    const { targets, refused } = await findTargets(api, selection, signal);
    const [first] = targets;
    if (first === undefined) throw refused[0]?.error ?? new Failure('targetNotFound', 'no target runs');
    const terminal = { input: stdin, output: stderr };
    const question = 'A shell in one of them; a command for all stands after --';
    const chosen =
      targets.length === 1 ? first : await pickRow(question, describeChoices(targets), terminal, signal);
    if (chosen === null) throw new InterruptedError('SIGINT');
    return narrow(requested, chosen);
  });
}

function describeChoices(targets: SelectedTarget[]) {
  return {
    headings: ['NAMESPACE', 'POD', 'CONTAINER', 'NODE'],
    rows: targets.map((value) => {
      const { target, node } = value;
      const [namespace, pod, container] =
        target.kind === 'node' ? ['', '', ''] : [target.namespace, target.pod, target.container];
      return {
        cells: [namespace, pod, container, node],
        value,
        short: target.kind === 'node' ? `node/${node}` : `pod/${pod} -c ${container} -n ${namespace}`,
      };
    }),
  };
}

function narrow(requested: RequestedSession, { target }: SelectedTarget): SessionOptions {
  if (target.kind === 'node') return { ...requested, target: { kind: 'node', name: target.node } };
  return {
    ...requested,
    target: { kind: 'pod', name: target.pod },
    container: target.container,
    connection: { ...requested.connection, namespace: target.namespace },
  };
}
