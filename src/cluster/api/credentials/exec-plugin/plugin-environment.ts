/** The launchers keep settings of Node.js away from the plugin, under names that begin so. */
const keptPrefix = 'CRASHCART_NODE_';

/**
 * Gives a credential plugin the environment that the user has: the plugin may be a program for Node.js.
 * @returns a copy with the settings under their own names.
 */
export function restoreNodeSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const restored = Object.entries(environment).map(([name, value]) => [
    name.startsWith(keptPrefix) ? name.replace('CRASHCART_', '') : name,
    value,
  ]);
  return Object.fromEntries(restored) as NodeJS.ProcessEnv;
}
