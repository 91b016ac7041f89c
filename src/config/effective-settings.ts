import type { Config, SettingName, Settings } from './config-schema.ts';

/** What can set a setting, highest precedence first. */
const sources = ['flag', 'environment', 'context', 'config', 'default'] as const;
export type SettingSource = (typeof sources)[number];

/** The value of a setting, and its source. */
export interface EffectiveSetting {
  value: string | string[];
  source: SettingSource;
}

/** The environment variables of settings; a list is separated by commas. */
export const settingVariables: Record<SettingName, string> = {
  image: 'CRASHCART_IMAGE',
  mirror: 'CRASHCART_MIRROR',
  imagePullPolicy: 'CRASHCART_IMAGE_PULL_POLICY',
  imagePullSecrets: 'CRASHCART_IMAGE_PULL_SECRETS',
  agentNamespace: 'CRASHCART_AGENT_NAMESPACE',
  toolbox: 'CRASHCART_TOOLBOX',
  agentPriority: 'CRASHCART_AGENT_PRIORITY',
  agentPatch: 'CRASHCART_AGENT_PATCH',
};

/**
 * Decides a setting: by its flag, else its environment variable, else the configuration of the context, else that
 * for all. An empty variable counts as none.
 * @param flag what was given on the command line, if anything.
 * @returns null when nothing sets it.
 */
export function decideSetting(
  name: SettingName,
  flag: string | string[] | undefined,
  environment: NodeJS.ProcessEnv,
  config: Config | null,
  context: string | null,
): EffectiveSetting | null {
  if (flag !== undefined) return { value: flag, source: 'flag' };
  const variable = environment[settingVariables[name]];
  if (variable) {
    const value = name === 'imagePullSecrets' ? variable.split(',').filter(Boolean) : variable;
    return { value, source: 'environment' };
  }
  const ofContext: Settings | undefined =
    context !== null && config?.contexts && Object.hasOwn(config.contexts, context)
      ? config.contexts[context]
      : undefined;
  if (ofContext?.[name] !== undefined) return { value: ofContext[name], source: 'context' };
  if (config?.[name] !== undefined) return { value: config[name], source: 'config' };
  return null;
}

/**
 * Whether the image of the agent is the release's own, from a mirror if there is one. `image` and `mirror` are two ways
 * to set the image: the one whose source has the higher precedence counts, and `image` if both have the same source.
 */
export function isImageOfRelease(settings: ReadonlyMap<SettingName, EffectiveSetting>): boolean {
  const image = settings.get('image');
  const mirror = settings.get('mirror');
  if (image === undefined) return true;
  return mirror !== undefined && sources.indexOf(mirror.source) < sources.indexOf(image.source);
}
