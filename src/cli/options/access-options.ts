import * as z from 'zod';
import { ApiClient } from '../../cluster/api/api-client.ts';
import { connectionSchema } from '../../cluster/api/connection-options.ts';
import { type ApiConnection, loadConnection } from '../../cluster/api/kubeconfig.ts';
import { RequestTrace } from '../../cluster/api/request-trace.ts';
import { agentNamespaceSchema } from '../../config/config-schema.ts';
import { escapeText } from '../../failure/escape-text.ts';
import type { Flags, RawArguments } from '../command-line/command.ts';
import { connectionFlags, nameConnectionFlags } from './connection-flags.ts';
import type { Context } from '../context.ts';
import { waitSchema } from './duration.ts';
import { helpFlag } from './help-flag.ts';
import { verbosityFlag, verbositySchema } from './verbosity.ts';

/** Flags of every command that talks to agents which are there. */
export const agentAccessFlags: Flags = {
  'agent-namespace': {
    type: 'string',
    describe: 'namespace of agents [crashcart]',
    group: 'Agent:',
    values: 'namespace',
  },
  ...connectionFlags,
  ...verbosityFlag,
  ...helpFlag,
};

export const agentAccessSchema = z.object({
  agentNamespace: agentNamespaceSchema,
  connection: connectionSchema.extend({ requestTimeout: waitSchema.default(0) }),
  verbosity: verbositySchema,
});
export type AgentAccess = z.infer<typeof agentAccessSchema>;

/** Fills in what was not given. */
export function completeAgentAccess({ flags }: RawArguments): Record<string, unknown> {
  return {
    agentNamespace: flags['agent-namespace'] ?? 'crashcart',
    connection: nameConnectionFlags(flags),
    verbosity: flags['verbosity'] ?? '0',
  };
}

/** Reads the kubeconfig; requests are told on stderr as `-v` says. @throws Failure `configuration`. */
export async function loadAccess(
  { connection, verbosity }: Pick<AgentAccess, 'connection' | 'verbosity'>,
  { env, stderr }: Context,
): Promise<ApiConnection> {
  const flags = { ...connection, requestTimeoutMs: connection.requestTimeout };
  const write = (text: string) => stderr.write(`${escapeText(text)}\n`);
  return { ...(await loadConnection(flags, env)), trace: new RequestTrace(verbosity, write) };
}

/** @throws Failure `configuration`. */
export async function openApi(
  access: Pick<AgentAccess, 'connection' | 'verbosity'>,
  context: Context,
): Promise<ApiClient> {
  return new ApiClient(await loadAccess(access, context));
}
