import { posix, win32 } from 'node:path';

/**
 * Finds out where the configuration file is to be: as CRASHCART_CONFIG says; else in the user's folder for
 * configurations, by https://specifications.freedesktop.org/basedir-spec/latest/ or, on Windows, %APPDATA%.
 * @param home the user's home directory.
 */
export function findConfigPath(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
  home: string,
): string {
  const { join, isAbsolute } = platform === 'win32' ? win32 : posix;
  const { CRASHCART_CONFIG, XDG_CONFIG_HOME = '', APPDATA } = environment;
  if (CRASHCART_CONFIG) return CRASHCART_CONFIG;
  const folder =
    platform === 'win32'
      ? APPDATA || join(home, 'AppData', 'Roaming')
      : // A relative one is to be ignored, says the specification.
        isAbsolute(XDG_CONFIG_HOME)
        ? XDG_CONFIG_HOME
        : join(home, '.config');
  return join(folder, 'kubectl-crashcart', 'config.yaml');
}
