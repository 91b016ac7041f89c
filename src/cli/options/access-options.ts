import { ApiClient } from '../../cluster/api/api-client.ts';
import { loadConnection } from '../../cluster/api/kubeconfig.ts';
import { RequestTrace } from '../../cluster/api/request-trace.ts';
import { settingsSchema } from '../../config/config-schema.ts';
import { escapeText } from '../../failure/escape-text.ts';
import { createGroup, type OptionValues } from '../command-line/option.ts';
import type { Context } from '../context.ts';
import { raceAbort } from '../lifetime.ts';
import { connectionOptions } from './connection-flags.ts';
import { verbosityOption } from './verbosity.ts';

const { defineOption } = createGroup('Agent:');

export const agentNamespaceOption = defineOption({
  flag: 'agent-namespace',
  describe: 'namespace of agents',
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

/**
 * Reads the kubeconfig. Requests are printed on stderr as `-v` says.
 * @param signal ends the wait for a program of the kubeconfig that reads credentials: it knows no signal.
 * @throws Failure `configuration`; the signal's reason.
 */
export async function openApi(
  { connection, verbosity }: ClusterAccess,
  { env, stderr }: Context,
  signal: AbortSignal,
): Promise<ApiClient> {
  const write = (text: string) => stderr.write(`${escapeText(text)}\n`);
  const loaded = await raceAbort(loadConnection(connection, env), signal);
  return new ApiClient({ ...loaded, trace: new RequestTrace(verbosity, write) });
}
