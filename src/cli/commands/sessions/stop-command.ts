import { findUserName } from '../../../cluster/api/user-name.ts';
import { askAgent } from '../../../cluster/session/ask-agent.ts';
import { listSessions, selectSession } from '../../../cluster/session/list-sessions.ts';
import type { SessionClient } from '../../../cluster/session/session-client.ts';
import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';
import type { SessionState } from '../../../session-api/session-end.ts';
import { defineArguments } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import { agentAccessOptions, openApi } from '../../options/access-options.ts';
import { describeLeft } from '../../attached/session-end-report.ts';
import { sessionIDSchema } from '../../options/values/session-id.ts';

/** Ends sessions. */
export const stopCommand = defineCommand({
  name: 'stop',
  usage: 'kubectl crashcart stop ID...',
  summary: [
    'End sessions, and everything that runs in them. ID: the first characters of an',
    'ID, as listed by `sessions`.',
  ].join('\n'),
  examples: [
    { purpose: 'End a session', line: 'kubectl crashcart stop 1a2b3c4d' },
    { purpose: 'End all of them', line: 'kubectl crashcart sessions -o name | xargs kubectl crashcart stop' },
  ],
  options: agentAccessOptions,
  arguments: {
    ids: defineArguments({ name: 'ID', schema: sessionIDSchema, isRequired: true, values: 'session' }),
  },
  run: (options, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(options, context);
      const { agentNamespace: namespace } = options;
      const listed = await listSessions(api, namespace, signal);
      // An unknown ID is reported before the first session is ended.
      const found = options.ids.map((id) => selectSession(listed, namespace, id));
      const user = await findUserName(api, signal);
      let code = 0;
      for (const { pod, state } of found) {
        const end = (client: SessionClient, limit: AbortSignal) =>
          client.deleteSession(state.id, { user }, limit);
        try {
          requireEnd(await askAgent(api, { namespace, pod }, end, signal));
          context.stdout.write(`session ${state.id} stopped\n`);
        } catch (error) {
          if (signal.aborted) throw error;
          code = context.reporter.failure(describeRemains(state.id, error));
        }
      }
      return code;
    }),
});

function requireEnd({ end, id }: SessionState): void {
  if (end === null) throw new Failure('sessionFailed', `the agent still runs the session ${id}`);
  if (end.leftProcesses.length > 0) throw new Failure('sessionFailed', describeLeft(end.leftProcesses));
}

/** The other sessions are stopped all the same. */
function describeRemains(id: string, cause: unknown): Failure {
  const hint = 'It may still run: `kubectl crashcart sessions` shows it.';
  return new Failure('sessionFailed', `session ${id} was not stopped: ${getErrorMessage(cause)}`, hint, {
    cause,
  });
}
