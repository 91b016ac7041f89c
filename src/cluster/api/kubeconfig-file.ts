import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
// Not the package's index: that loads the generated API of every Kubernetes resource.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { load } from 'js-yaml';
import * as z from 'zod';
import { Failure } from '../../failure/failure.ts';

/** A user with what the library leaves out of a kubeconfig. */
export interface KubeconfigUser extends User {
  impersonateGroups?: string[];
  impersonateUID?: string;
}

const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

const usersSchema = z.object({
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z
          .object({
            tokenFile: z.string().optional(),
            'as-groups': z.array(z.string()).optional(),
            'as-uid': z.string().optional(),
          })
          .nullish(),
      }),
    )
    .nullish(),
});

/**
 * Reads the kubeconfig where kubectl does: the file that was asked for; else those of KUBECONFIG, merged;
 * else the user's own; inside a pod, its service account.
 * @param path of --kubeconfig; null without it.
 * @param required whether there has to be one.
 * @throws Failure `configuration` when there is none; what the file system or the parser says.
 */
export function loadKubeconfig(
  path: string | null,
  environment: NodeJS.ProcessEnv,
  required: boolean,
): KubeConfig {
  if (path !== null) return loadFile(path);
  const listed = environment['KUBECONFIG']?.split(delimiter).filter((file) => file !== '') ?? [];
  const files = (listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')]).filter(existsSync);
  if (files.length === 0 && required) return loadServiceAccount(environment);
  return mergeConfigs(files.map(loadFile));
}

function loadServiceAccount(environment: NodeJS.ProcessEnv): KubeConfig {
  if (!environment['KUBERNETES_SERVICE_HOST'] || !existsSync(`${serviceAccountFolder}/token`)) {
    throw new Failure(
      'configuration',
      'no kubeconfig was found',
      'Give one with --kubeconfig or the environment variable KUBECONFIG.',
    );
  }
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

function loadFile(path: string): KubeConfig {
  const config = new KubeConfig();
  const text = readFileSync(path, 'utf8');
  // As for kubectl, an empty file is one without contexts.
  if (text.trim() === '') return config;
  config.loadFromString(text);
  config.makePathsAbsolute(dirname(path));
  const { users } = usersSchema.parse(load(text));
  for (const { name, user } of users ?? []) {
    const known = config.users.find((entry) => entry.name === name);
    if (!known || !user) continue;
    const extras: Partial<KubeconfigUser> = {
      // It goes before a token that stands in the file itself, as for kubectl.
      ...(user.tokenFile
        ? { token: readFileSync(resolve(dirname(path), user.tokenFile), 'utf8').trim() }
        : {}),
      ...(user['as-groups'] ? { impersonateGroups: user['as-groups'] } : {}),
      ...(user['as-uid'] ? { impersonateUID: user['as-uid'] } : {}),
    };
    Object.assign(known, extras);
  }
  return config;
}

/** As kubectl merges: the first file that knows a name wins. (The library refuses a name known twice.) */
function mergeConfigs(configs: KubeConfig[]): KubeConfig {
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: keepFirst(configs.flatMap(({ clusters }) => clusters ?? [])),
    users: keepFirst(configs.flatMap(({ users }) => users ?? [])),
    contexts: keepFirst(configs.flatMap(({ contexts }) => contexts ?? [])),
    currentContext: configs.find(({ currentContext }) => currentContext)?.currentContext ?? '',
  });
  return merged;
}

function keepFirst<Entry extends { name: string }>(entries: Entry[]): Entry[] {
  const byName = new Map<string, Entry>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}
