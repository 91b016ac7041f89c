import { ApiClient } from '../../cluster/api/api-client.ts';
import { loadConnection } from '../../cluster/api/api-connection.ts';
import type { LendTerminal } from '../../cluster/api/credentials/exec-plugin/plugin-surroundings.ts';
import { RequestTrace } from '../../cluster/api/request-trace.ts';
import { settingsSchema } from '../../config/config-schema.ts';
import { escapeText } from '../../failure/escape-text.ts';
import { lendInput } from '../../terminal/raw-mode.ts';
import { createGroup, type OptionValues } from '../command-line/option.ts';
import type { Context } from '../context.ts';
import { connectionOptions, ignoredOptions } from './connection-flags.ts';
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
export const clusterOptions = {
  connection: connectionOptions,
  ignored: ignoredOptions,
  verbosity: verbosityOption,
};
export type ClusterAccess = OptionValues<typeof clusterOptions>;

/** Options of every command that talks to agents which are there. */
export const agentAccessOptions = { agentNamespace: agentNamespaceOption, ...clusterOptions };

/**
 * Reads the kubeconfig. Requests are printed on stderr as `-v` says.
 * @throws Failure `configuration`.
 */
export async function openApi(
  { connection, verbosity }: Pick<ClusterAccess, 'connection' | 'verbosity'>,
  { env, stdin, stderr }: Context,
): Promise<ApiClient> {
  const write = (text: string) => stderr.write(`${escapeText(text)}\n`);
  const lendTerminal: LendTerminal | null = stdin.isTTY ? (use) => lendInput(stdin, use) : null;
  const loaded = await loadConnection(connection, { environment: env, lendTerminal, stderr });
  const trace = new RequestTrace(verbosity, write);
  trace.tellRoute(loaded.server, loaded.via);
  return new ApiClient({ ...loaded, trace });
}
