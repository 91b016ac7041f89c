import { posix, win32 } from 'node:path';

/**
 * Finds the path of the configuration file: CRASHCART_CONFIG, else in the user's folder for configurations, by
 * https://specifications.freedesktop.org/basedir-spec/latest/ or, on Windows, %APPDATA%.
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
      : // The specification says to ignore a relative path.
        isAbsolute(XDG_CONFIG_HOME)
        ? XDG_CONFIG_HOME
        : join(home, '.config');
  return join(folder, 'kubectl-crashcart', 'config.yaml');
}
