import { Failure } from '../../../failure/failure.ts';
import { listRunningContainers, type RunningContainer } from '../../../cluster/target/running-containers.ts';
import { formatAge } from '../../../terminal/age.ts';
import { pickRow } from '../../../terminal/row-picker.ts';
import { openApi } from '../../options/access-options.ts';
import type { Context } from '../../context.ts';
import { InterruptedError } from '../../errors.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import type { RequestedSession, SessionOptions } from './session-request.ts';

/**
 * Lets the user choose a target on the terminal.
 * @throws InterruptedError when the user leaves; Failure `targetNotFound` when no container runs; ApiError.
 */
export async function chooseTarget(requested: RequestedSession, context: Context): Promise<SessionOptions> {
  return await runUntilInterrupted(async (signal) => {
    const api = await openApi(requested, context);
    const namespace = requested.allNamespaces ? null : api.connection.namespace;
    const { containers, isCut } = await listRunningContainers(api, namespace, signal);
    const offered = containers.filter(
      ({ container }) => requested.container === null || container === requested.container,
    );
    if (offered.length === 0) throw describeNothing(namespace, requested.container);
    if (isCut)
      context.reporter.note('there are more pods than this list shows: limit it to a namespace with -n');
    const terminal = { input: context.stdin, output: context.stderr };
    const chosen = await pickRow('Target:', describeChoices(offered), terminal, signal);
    if (chosen === null) throw new InterruptedError('SIGINT');
    return {
      ...requested,
      target: { kind: 'pod', name: chosen.pod },
      container: chosen.container,
      connection: { ...requested.connection, namespace: chosen.namespace },
    };
  });
}

function describeChoices(containers: RunningContainer[]) {
  return {
    headings: ['NAMESPACE', 'POD', 'CONTAINER', 'NODE', 'STATE', 'AGE'],
    rows: containers.map((value) => {
      const { namespace, pod, container, node, state, startedAt } = value;
      return {
        cells: [namespace, pod, container, node, state, startedAt === null ? '?' : formatAge(startedAt)],
        value,
        // As the user can type it the next time.
        short: `pod/${pod} -c ${container} -n ${namespace}`,
      };
    }),
  };
}

function describeNothing(namespace: string | null, container: string | null): Failure {
  const what = container === null ? 'no container' : `no container "${container}"`;
  return new Failure(
    'targetNotFound',
    `${what} runs in ${namespace === null ? 'any namespace' : `the namespace "${namespace}"`}`,
    namespace === null ? null : 'Use -n for another namespace, or -A for all namespaces.',
  );
}
