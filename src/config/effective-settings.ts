import type { Config, SettingName, Settings } from './config-schema.ts';

export type SettingSource = 'flag' | 'environment' | 'context' | 'config' | 'default';

/** A setting's value, and which of those that could have set it did. */
export interface EffectiveSetting {
  value: string | string[];
  source: SettingSource;
}

/** The environment variables of settings; a list is separated by commas. */
export const settingVariables: Record<SettingName, string> = {
  image: 'CRASHCART_IMAGE',
  imagePullPolicy: 'CRASHCART_IMAGE_PULL_POLICY',
  imagePullSecrets: 'CRASHCART_IMAGE_PULL_SECRETS',
  agentNamespace: 'CRASHCART_AGENT_NAMESPACE',
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
