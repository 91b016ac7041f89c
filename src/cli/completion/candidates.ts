import { ApiClient } from '../../cluster/api/api-client.ts';
import { connectionSchema } from '../../cluster/api/connection-options.ts';
import { loadConnection } from '../../cluster/api/kubeconfig.ts';
import { loadKubeconfig } from '../../cluster/api/kubeconfig-file.ts';
import { listNamespaceNames, listTargetNames } from '../../cluster/target/target-names.ts';
import { findTargetPod } from '../../cluster/target/target-pod.ts';
import { parseTargetName, targetKinds } from '../../cluster/target/target-name.ts';
import { listRecipes, listTools } from '../../toolbox/catalogue.ts';
import { describeTarget } from '../../session-api/session-spec.ts';
import { agentAccessSchema, completeAgentAccess } from '../options/access-options.ts';
import type { RawArguments, ValueSource } from '../command-line/command.ts';
import { nameConnectionFlags } from '../options/connection-flags.ts';
import { loadRecipes } from '../options/settings.ts';

/** Something that a word can be. */
export interface Candidate {
  value: string;
  /** Shown beside it by shells that do. */
  description?: string;
}

/** What is known of the line whose word is completed. */
export interface CandidateSearch {
  raw: RawArguments;
  prefix: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Lists what a word can be. Not all of it need begin as the word does. @throws whatever keeps it from that. */
export async function listCandidates(source: ValueSource, search: CandidateSearch): Promise<Candidate[]> {
  if (Array.isArray(source)) return nameAll(source);
  switch (source) {
    case 'target':
      return listTargets(search);
    case 'container':
      return listContainers(search);
    case 'session':
      return listSessionIDs(search);
    case 'namespace':
      return nameAll(await listNamespaceNames(await connect(search), search.signal));
    case 'context':
    case 'cluster':
    case 'user': {
      const { kubeconfig } = connectionSchema.parse(nameConnectionFlags(search.raw.flags));
      const config = loadKubeconfig(kubeconfig ?? null, search.env, true);
      const entries = { context: config.contexts, cluster: config.clusters, user: config.users }[source];
      return nameAll(entries.map(({ name }) => name));
    }
    case 'tool': {
      // A file with mistakes is told of by the command itself.
      const recipes = listRecipes(await loadRecipes(search.env).catch(() => []));
      return [
        ...recipes.map(({ name, summary }) => ({ value: name, description: summary })),
        // A recipe of the same name is what the tool is most often wanted for.
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

async function connect({ raw, env }: CandidateSearch): Promise<ApiClient> {
  return new ApiClient(await loadConnection(connectionSchema.parse(nameConnectionFlags(raw.flags)), env));
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
  const { agentNamespace } = agentAccessSchema.parse(completeAgentAccess(search.raw));
  const { sessions } = await listSessions(await connect(search), agentNamespace, search.signal);
  return sessions.map(({ state }) => ({
    value: state.id.slice(0, 8),
    description: `${describeTarget(state.target)} ${state.command?.join(' ') ?? '(shell)'}`,
  }));
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
