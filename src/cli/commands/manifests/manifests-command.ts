import * as z from 'zod';
import type { Command } from '../../command-line/command.ts';
import { UsageError } from '../../errors.ts';
import { helpFlag } from '../../options/help-flag.ts';
import { manifests } from './manifest-files.ts';
import { agentImage } from '../../plugin-version.ts';

const components = Object.keys(manifests.components);
const optionsSchema = z.object({ components: z.array(z.enum(components)) });

/** Prints what an administrator applies before the first use. */
export const manifestsCommand: Command<z.infer<typeof optionsSchema>> = {
  usage: 'kubectl crashcart manifests [COMPONENT...]',
  summary: [
    'Print what an administrator applies once, the namespace of agents and the',
    'roles, each permission with what it is for.',
    'COMPONENT: what not every cluster needs, besides:',
    `${components.join(', ')}.`,
    'The DaemonSet of installed agents is printed by',
    '`kubectl crashcart install --dry-run=client`.',
  ].join('\n'),
  examples: [
    { purpose: 'Apply what every cluster needs', line: 'kubectl crashcart manifests | kubectl apply -f -' },
    {
      purpose: 'With the policies for admission, to be read first',
      line: 'kubectl crashcart manifests admission-policies | less',
    },
  ],
  flags: helpFlag,
  argument: components,
  complete: ({ positional, rest }) => {
    if (rest !== null) throw new UsageError('"manifests" takes no command');
    const unknown = positional.find((name) => !components.includes(name));
    if (unknown !== undefined)
      throw new UsageError(`there is no component "${unknown}": it is one of ${components.join(', ')}`);
    return { components: [...new Set(positional)] };
  },
  schema: optionsSchema,
  run: (options, { stdout }) => {
    const files = [
      ...manifests.base,
      ...options.components.flatMap((name) => manifests.components[name] ?? []),
    ];
    for (const { path, text } of files) stdout.write(`---\n# ${path}\n${admitOwnImage(text)}`);
    return Promise.resolve(0);
  },
};

/** The policies' list has the image of the checkout's version; a release may ask for another, by its digest. */
function admitOwnImage(text: string): string {
  return text.replaceAll(/crashcart\.dev\/agent:\S+/g, () => agentImage);
}
