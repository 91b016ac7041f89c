import * as z from 'zod';
import { defineArguments } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { manifests } from './manifest-files.ts';
import { agentImage } from '../../plugin-version.ts';

const components = Object.keys(manifests.components);

/** Prints what an administrator applies before the first use. */
export const manifestsCommand = defineCommand({
  name: 'manifests',
  usage: 'kubectl crashcart manifests [COMPONENT...]',
  summary: [
    'Print what an administrator applies once: the namespace of agents and the roles,',
    'with a reason for each permission.',
    'COMPONENT adds what only some clusters need:',
    `${components.join(', ')}.`,
    '`kubectl crashcart install --dry-run=client` prints the DaemonSet of installed',
    'agents.',
  ].join('\n'),
  examples: [
    { purpose: 'Apply what every cluster needs', line: 'kubectl crashcart manifests | kubectl apply -f -' },
    {
      purpose: 'With the admission policies, to read them first',
      line: 'kubectl crashcart manifests admission-policies | less',
    },
  ],
  options: {},
  arguments: {
    components: defineArguments({
      name: 'COMPONENT',
      schema: z.enum(components),
      isRequired: false,
      values: components,
    }),
  },
  run: (options, { stdout }) => {
    const files = [
      ...manifests.base,
      ...[...new Set(options.components)].flatMap((name) => manifests.components[name] ?? []),
    ];
    for (const { path, text } of files) stdout.write(`---\n# ${path}\n${admitOwnImage(text)}`);
    return Promise.resolve(0);
  },
});

/** The list of the policies has the image of the checkout; a release may use another image, by its digest. */
function admitOwnImage(text: string): string {
  return text.replaceAll(/crashcart\.dev\/agent:\S+/g, () => agentImage);
}
