import { defineCommand } from '../command-line/command.ts';
import { version } from '../plugin-version.ts';

/** Prints the version of the plugin. */
export const versionCommand = defineCommand({
  name: 'version',
  usage: 'kubectl crashcart version',
  summary: 'Print the version of the plugin.',
  examples: [{ purpose: 'The version', line: 'kubectl crashcart version' }],
  options: {},
  run: (_values, { stdout }) => {
    stdout.write(`kubectl-crashcart ${version}\n`);
    return Promise.resolve(0);
  },
});
