import { findHome } from '../../cluster/api/kubeconfig/home-folder.ts';
import { findKubeconfigFiles, readKubeconfigFiles } from '../../cluster/api/kubeconfig/kubeconfig-file.ts';
import { readConfigFile } from '../../config/config-file.ts';
import { findConfigPath } from '../../config/config-path.ts';
import type { SettingName } from '../../config/config-schema.ts';
import {
  decideSetting,
  type EffectiveSetting,
  isImageOfRelease,
  settingVariables,
} from '../../config/effective-settings.ts';
import type { Option } from '../command-line/option.ts';
import type { RawArguments } from '../command-line/raw-arguments.ts';
import type { Recipe } from '../../toolbox/recipes.ts';

/** A setting, and where to correct it: a flag, a variable, or a place in the configuration file. */
export interface PlacedSetting extends EffectiveSetting {
  place: string;
}
/** The settings that something sets. */
export type Settings = ReadonlyMap<SettingName, PlacedSetting>;

/** Where this user's configuration file is, or would be; a user without a home has the root folder's. */
export function locateConfig(environment: NodeJS.ProcessEnv): string {
  return findConfigPath(environment, process.platform, findHome(environment) ?? '/');
}

/**
 * Reads the user's own recipes.
 * @throws ConfigFileError.
 */
export async function loadRecipes(environment: NodeJS.ProcessEnv): Promise<Recipe[]> {
  return (await readConfigFile(locateConfig(environment)))?.recipes ?? [];
}

/**
 * Decides the settings of a command. Of an image and a mirror only that is among them which counts.
 * @param options of the command; without one that has a setting, no file is read.
 * @throws ConfigFileError.
 */
export async function decideSettings(
  { flags }: Pick<RawArguments, 'flags'>,
  options: Option[],
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const decided = new Map<SettingName, PlacedSetting>();
  if (!options.some(({ setting }) => setting !== undefined)) return decided;
  const file = locateConfig(environment);
  const config = await readConfigFile(file);
  const context = config?.contexts ? findContext(flags, environment) : null;
  for (const { setting: name, flag } of options) {
    if (name === undefined) continue;
    const given = flags[flag];
    const typed = typeof given === 'boolean' ? undefined : given;
    const setting = decideSetting(name, typed, environment, config, context);
    if (setting === null) continue;
    const places = {
      flag: `--${flag}`,
      environment: settingVariables[name],
      context: `${file}: contexts.${context}.${name}`,
      config: `${file}: ${name}`,
      default: '',
    };
    decided.set(name, { ...setting, place: places[setting.source] });
  }
  if (isImageOfRelease(decided)) decided.delete('image');
  return decided;
}

/** @returns the name of the context in use; null when there is none, which is told when it is needed. */
function findContext(flags: RawArguments['flags'], environment: NodeJS.ProcessEnv): string | null {
  const { context, kubeconfig } = flags;
  if (typeof context === 'string') return context;
  try {
    const path = typeof kubeconfig === 'string' ? kubeconfig : null;
    return readKubeconfigFiles(findKubeconfigFiles(path, environment)).currentContext || null;
  } catch {
    return null;
  }
}
