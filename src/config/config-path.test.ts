import { expect, test } from '@jest/globals';
import { findConfigPath } from './config-path.ts';

test.each<[NodeJS.ProcessEnv, NodeJS.Platform, string]>([
  [{}, 'linux', '/home/jane/.config/kubectl-crashcart/config.yaml'],
  [{}, 'darwin', '/home/jane/.config/kubectl-crashcart/config.yaml'],
  [{ XDG_CONFIG_HOME: '/etc/jane' }, 'linux', '/etc/jane/kubectl-crashcart/config.yaml'],
  [{ XDG_CONFIG_HOME: 'relative' }, 'linux', '/home/jane/.config/kubectl-crashcart/config.yaml'],
  [{ XDG_CONFIG_HOME: '' }, 'linux', '/home/jane/.config/kubectl-crashcart/config.yaml'],
  [{ APPDATA: 'C:\\Roaming' }, 'win32', 'C:\\Roaming\\kubectl-crashcart\\config.yaml'],
  [{}, 'win32', '\\home\\jane\\AppData\\Roaming\\kubectl-crashcart\\config.yaml'],
  [{ CRASHCART_CONFIG: 'mine.yaml', XDG_CONFIG_HOME: '/etc/jane' }, 'linux', 'mine.yaml'],
])('with %j on %s it is %s', (environment, platform, path) => {
  expect(findConfigPath(environment, platform, '/home/jane')).toBe(path);
});
