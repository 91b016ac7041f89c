import { ApiClient } from '../../cluster/api/api-client.ts';
import { loadConnection } from '../../cluster/api/api-connection.ts';
import { loadKubeconfig } from '../../cluster/api/kubeconfig/selection.ts';
import { listNamespaceNames, listTargetNames } from '../../cluster/target/target-names.ts';
import { findTargetPod } from '../../cluster/target/target-pod.ts';
import { parseTargetName } from '../../cluster/target/target-name.ts';
import { targetKinds } from '../../cluster/target/kinds/workload-kinds.ts';
import { listRecipes, listTools } from '../../toolbox/catalogue.ts';
import { describeTarget } from '../../session-api/session-spec.ts';
import type { ValueSource } from '../command-line/option.ts';
import type { RawArguments } from '../command-line/raw-arguments.ts';
import { agentNamespaceOption } from '../options/access-options.ts';
import { connectionOptions } from '../options/connection-flags.ts';
import { readOptions } from '../options/option-values.ts';
import { loadRecipes, type Settings } from '../options/settings.ts';

/** Something that a word can be. */
export interface Candidate {
  value: string;
  /** Shown beside it by shells that do. */
  description?: string;
}

/** What is known of the line whose word is completed. */
export interface CandidateSearch {
  raw: RawArguments;
  settings: Settings;
  prefix: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Lists what a word can be; some of it may begin otherwise than the word. @throws whatever prevents that. */
export async function listCandidates(source: ValueSource, search: CandidateSearch): Promise<Candidate[]> {
  if (Array.isArray(source)) return nameAll(source);
  switch (source) {
    case 'target':
      return listTargets(search);
    case 'container':
      return listContainers(search);
    case 'process':
      return listProcesses(search);
    case 'session':
      return listSessionIDs(search);
    case 'namespace':
      return nameAll(await listNamespaceNames(await connect(search), search.signal));
    case 'context':
    case 'cluster':
    case 'user': {
      const config = loadKubeconfig(readConnection(search), search.env);
      const entries = { context: config.contexts, cluster: config.clusters, user: config.users }[source];
      return nameAll(entries.map(({ name }) => name));
    }
    case 'tool': {
      // The command itself reports a file with mistakes.
      const recipes = listRecipes(await loadRecipes(search.env).catch(() => []));
      return [
        ...recipes.map(({ name, summary }) => ({ value: name, description: summary })),
        // A tool is most often used for what the recipe of its name does.
        ...listTools().flatMap(({ name, purpose }) =>
          recipes.some((recipe) => recipe.name === name) ? [] : [{ value: name, description: purpose }],
        ),
      ];
    }
    case 'file':
      return [];
  }
}

function nameAll(values: string[]): Candidate[] {
  return values.map((value) => ({ value }));
}

function readConnection({ raw: { flags }, settings }: CandidateSearch) {
  return readOptions(connectionOptions, { flags, settings }).values;
}

async function connect(search: CandidateSearch): Promise<ApiClient> {
  // The user is typing: a plugin that has something to say would disturb the line, and can't be answered.
  const surroundings = { environment: search.env, lendTerminal: null, stderr: { write: () => true } };
  return new ApiClient(await loadConnection(readConnection(search), surroundings));
}

/** Pods by their names alone, and the kinds of other targets; with a kind, those of that kind. */
async function listTargets(search: CandidateSearch): Promise<Candidate[]> {
  const kind = /^[^/]*\//.exec(search.prefix)?.[0] ?? '';
  const kinds = targetKinds.map((name) => `${name}/`);
  // Also without a cluster.
  const offered = kind === '' ? kinds.filter((name) => name.startsWith(search.prefix)) : [];
  try {
    const names = await listTargetNames(await connect(search), parseTargetName(`${kind}any`), search.signal);
    return nameAll([...names.map((name) => `${kind}${name}`), ...offered]);
  } catch {
    return nameAll(offered);
  }
}

/** By as much of an ID as the list of sessions shows. */
async function listSessionIDs(search: CandidateSearch): Promise<Candidate[]> {
  // With HTTP/2 and websockets, which no other candidates need.
  const { listSessions } = await import('../../cluster/session/list-sessions.ts');
  const { sessions } = await listSessions(await connect(search), readAgentNamespace(search), search.signal);
  return sessions.map(({ state }) => ({
    value: state.id.slice(0, 8),
    description: `${describeTarget(state.target)} ${state.command?.join(' ') ?? '(shell)'}`,
  }));
}

/** By ID, and by name. Only an agent that is there already is asked. */
async function listProcesses(search: CandidateSearch): Promise<Candidate[]> {
  const [target] = search.raw.positional;
  if (target === undefined) return [];
  // With HTTP/2 and websockets, as above.
  const { describeProcesses, listTargetProcesses } = await import('./target-processes.ts');
  const container = search.raw.flags['container'];
  const processes = await listTargetProcesses(
    await connect(search),
    { name: parseTargetName(target), container: typeof container === 'string' ? container : null },
    readAgentNamespace(search),
    search.signal,
  );
  return describeProcesses(processes);
}

function readAgentNamespace({ raw: { flags }, settings }: CandidateSearch): string {
  return readOptions({ agentNamespace: agentNamespaceOption }, { flags, settings }).values.agentNamespace;
}

async function listContainers(search: CandidateSearch): Promise<Candidate[]> {
  const [target] = search.raw.positional;
  if (target === undefined) return [];
  const name = parseTargetName(target);
  if (name.kind === 'node') return [];
  const { spec } = await findTargetPod(await connect(search), name, search.signal);
  return [
    ...spec.containers.map((container) => ({ value: container.name })),
    ...spec.initContainers.map((container) => ({ value: container.name, description: 'init container' })),
    ...spec.ephemeralContainers.map((container) => ({ value: container.name, description: 'ephemeral' })),
  ];
}
