import * as z from 'zod';
import { type FoundSession, listSessions, selectSession } from '../../../cluster/session/list-sessions.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { connectToAgent } from '../../../cluster/session/agent-connection.ts';
import { sessionIDSchema } from '../../options/session-id.ts';
import {
  agentAccessFlags,
  agentAccessSchema,
  completeAgentAccess,
  openApi,
} from '../../options/access-options.ts';
import type { Command } from '../../command-line/command.ts';
import { UsageError } from '../../errors.ts';
import { runUntilInterrupted } from '../../run-until-interrupted.ts';

const schema = agentAccessSchema.extend({ ids: z.array(sessionIDSchema) });

/** Ends sessions. */
export const stopCommand: Command<z.infer<typeof schema>> = {
  usage: 'kubectl crashcart stop ID...',
  summary: [
    'End sessions, and everything that runs in them. ID: its first characters, as',
    '`sessions` shows them.',
  ].join('\n'),
  examples: [
    { purpose: 'End a session', line: 'kubectl crashcart stop 1a2b3c4d' },
    { purpose: 'End all of them', line: 'kubectl crashcart sessions -o name | xargs kubectl crashcart stop' },
  ],
  flags: agentAccessFlags,
  argument: 'session',
  complete: (raw) => {
    if (raw.positional.length === 0) throw new UsageError('the ID of a session is missing');
    return { ...completeAgentAccess(raw), ids: raw.positional };
  },
  schema,
  run: (options, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(options, context);
      // All are known before the first is ended.
      const listed = await listSessions(api, options.agentNamespace, signal);
      const found = options.ids.map((id) => selectSession(listed, options.agentNamespace, id));
      for (const session of found) {
        await stopSession(api, options.agentNamespace, session, signal);
        context.stdout.write(`session ${session.state.id} stopped\n`);
      }
      return 0;
    }),
};

async function stopSession(
  api: ApiClient,
  namespace: string,
  { pod, state }: FoundSession,
  signal: AbortSignal,
): Promise<void> {
  const connection = connectToAgent(api.connection, { namespace, pod }, false);
  try {
    await connection.client.deleteSession(state.id, signal);
  } finally {
    connection.close();
  }
}
