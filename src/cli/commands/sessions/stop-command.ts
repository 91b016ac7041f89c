import * as z from 'zod';
import { askAgent, listSessions, selectSession } from '../../../cluster/session/list-sessions.ts';
import { sessionIDSchema } from '../../options/session-id.ts';
import {
  agentAccessFlags,
  agentAccessSchema,
  completeAgentAccess,
  openApi,
} from '../../options/access-options.ts';
import type { SessionClient } from '../../../cluster/session/session-client.ts';
import type { Command } from '../../command-line/command.ts';
import { UsageError } from '../../errors.ts';
import { runUntilInterrupted } from '../../lifetime.ts';

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
      const { agentNamespace: namespace } = options;
      const listed = await listSessions(api, namespace, signal);
      // An unknown ID is reported before the first session is ended.
      const found = options.ids.map((id) => selectSession(listed, namespace, id));
      for (const { pod, state } of found) {
        const end = (client: SessionClient, limit: AbortSignal) => client.deleteSession(state.id, limit);
        await askAgent(api, { namespace, pod }, end, signal);
        context.stdout.write(`session ${state.id} stopped\n`);
      }
      return 0;
    }),
};
