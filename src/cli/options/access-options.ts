import { ApiClient } from '../../cluster/api/api-client.ts';
import { type ApiConnection, loadConnection } from '../../cluster/api/kubeconfig.ts';
import { RequestTrace } from '../../cluster/api/request-trace.ts';
import { settingsSchema } from '../../config/config-schema.ts';
import { escapeText } from '../../failure/escape-text.ts';
import { defineOption, type OptionValues } from '../command-line/option.ts';
import type { Context } from '../context.ts';
import { connectionOptions } from './connection-flags.ts';
import { verbosityOption } from './verbosity.ts';

export const agentNamespaceOption = defineOption({
  flag: 'agent-namespace',
  describe: 'namespace of agents',
  group: 'Agent:',
  default: 'crashcart',
  schema: settingsSchema.shape.agentNamespace.unwrap(),
  values: 'namespace',
  setting: 'agentNamespace',
});

/** Options of every command that talks to a cluster. */
export const clusterOptions = { connection: connectionOptions, verbosity: verbosityOption };
export type ClusterAccess = OptionValues<typeof clusterOptions>;

/** Options of every command that talks to agents which are there. */
export const agentAccessOptions = { agentNamespace: agentNamespaceOption, ...clusterOptions };

/** Reads the kubeconfig; requests are told on stderr as `-v` says. @throws Failure `configuration`. */
export async function loadAccess(
  { connection, verbosity }: ClusterAccess,
  { env, stderr }: Context,
): Promise<ApiConnection> {
  const write = (text: string) => stderr.write(`${escapeText(text)}\n`);
  return { ...(await loadConnection(connection, env)), trace: new RequestTrace(verbosity, write) };
}

/** @throws Failure `configuration`. */
export async function openApi(access: ClusterAccess, context: Context): Promise<ApiClient> {
  return new ApiClient(await loadAccess(access, context));
}
