import { homedir } from 'node:os';
import { loadKubeconfig } from '../../cluster/api/kubeconfig-file.ts';
import { readConfigFile } from '../../config/config-file.ts';
import { findConfigPath } from '../../config/config-path.ts';
import type { SettingName } from '../../config/config-schema.ts';
import { decideSetting, type EffectiveSetting, isImageOfRelease } from '../../config/effective-settings.ts';
import type { Recipe } from '../../toolbox/recipes.ts';
import type { Flags, RawArguments } from '../command-line/command.ts';

/** The flags that settings are for. */
export const settingFlags: Record<SettingName, string> = {
  image: 'image',
  mirror: 'mirror',
  imagePullPolicy: 'image-pull-policy',
  imagePullSecrets: 'image-pull-secret',
  agentNamespace: 'agent-namespace',
  toolbox: 'toolbox',
};

/** Where this user's configuration file is, or would be. */
export function locateConfig(environment: NodeJS.ProcessEnv): string {
  return findConfigPath(environment, process.platform, homedir());
}

/**
 * Reads the user's own recipes.
 * @throws ConfigFileError.
 */
export async function loadRecipes(environment: NodeJS.ProcessEnv): Promise<Recipe[]> {
  return (await readConfigFile(locateConfig(environment)))?.recipes ?? [];
}

/**
 * Decides all settings for a command line.
 * @returns those that are set by anything.
 * @throws ConfigFileError.
 */
export async function decideSettings(
  { flags }: Pick<RawArguments, 'flags'>,
  environment: NodeJS.ProcessEnv,
): Promise<Map<SettingName, EffectiveSetting>> {
  const config = await readConfigFile(locateConfig(environment));
  const context = config?.contexts ? findContext(flags, environment) : null;
  const names = Object.keys(settingFlags) as SettingName[];
  return new Map(
    names.flatMap((name) => {
      const flag = flags[settingFlags[name]];
      const given = typeof flag === 'boolean' ? undefined : flag;
      const setting = decideSetting(name, given, environment, config, context);
      return setting === null ? [] : [[name, setting]];
    }),
  );
}

/**
 * Gives a command line the settings that it does not have itself, as if they had been given by flags, and the recipes
 * where it names one.
 * @param known the flags of the command: others are none of its business.
 * @throws ConfigFileError.
 */
export async function applySettings(
  raw: RawArguments,
  known: Flags,
  environment: NodeJS.ProcessEnv,
): Promise<RawArguments> {
  const isConcerned = Object.values(settingFlags).some((flag) => flag in known);
  if (!isConcerned) return raw;
  const decided = await decideSettings(raw, environment);
  if (isImageOfRelease(decided)) decided.delete('image');
  const settings = [...decided]
    .map(([name, { value }]) => [settingFlags[name], value] as const)
    .filter(([flag]) => flag in known);
  const recipes = raw.flags['tool'] === undefined ? [] : await loadRecipes(environment);
  return { ...raw, flags: { ...raw.flags, ...Object.fromEntries(settings) }, recipes };
}

/** @returns the name of the context in use; null when there is none, which is told when it is needed. */
function findContext(flags: RawArguments['flags'], environment: NodeJS.ProcessEnv): string | null {
  const { context, kubeconfig } = flags;
  if (typeof context === 'string') return context;
  try {
    const path = typeof kubeconfig === 'string' ? kubeconfig : null;
    return loadKubeconfig(path, environment, false).currentContext || null;
  } catch {
    return null;
  }
}
