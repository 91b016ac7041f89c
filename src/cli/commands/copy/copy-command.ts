import * as z from 'zod';
import { defineArgument } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { copyOptions, validateCopy } from './copy-options.ts';
import { parseCopyPlace } from './copy-place.ts';

const placeSchema = z.string().transform((text) => parseCopyPlace(text));

/** Copies files from targets, or into one. */
export const copyCommand = defineCommand({
  name: 'cp',
  usage: [
    'kubectl crashcart cp (POD:PATH DESTINATION | SOURCE POD:PATH) [-c CONTAINER]',
    '    [-n NAMESPACE] [flags]',
  ].join('\n'),
  summary: [
    'Copy files from a container, its volumes included, or into one. The container',
    'needs neither tar nor a shell. A folder is copied with all that is in it. Links',
    'stay links; holes, permissions and times are kept, and for root the owners, too.',
    'A file gets its name when it is whole, and its hash was checked.',
    '',
    'PATH may have * and ?, in quotes; what is not absolute begins in the folder of',
    "the container's process. A target is named as `kubectl cp` names it:",
    '[NAMESPACE/]POD:PATH; or KIND/NAME:PATH. DESTINATION - is stdout: the content of',
    'a file, or an archive (tar) of a folder. With --selector or --all, or with',
    '--all-containers, the files of each target come into a folder of their own.',
    'Exit code: 125 if not all was copied; the rest is there all the same.',
  ].join('\n'),
  examples: [
    { purpose: 'A folder of a pod', line: 'kubectl crashcart cp web-0:/var/log ./logs -n shop' },
    { purpose: 'A file into a container', line: 'kubectl crashcart cp app.conf web-0:/etc/app/ -c app' },
    { purpose: 'One file for another program', line: 'kubectl crashcart cp web-0:/etc/hosts - | grep db' },
    {
      purpose: 'The logs of all pods of an application, in a folder for each',
      line: "kubectl crashcart cp -l app=web ':/var/log/app/*.log' ./logs",
    },
    {
      purpose: 'A core dump of a container that has crashed; again, if the line breaks',
      line: 'kubectl crashcart cp web-0:/tmp/core ./core --dead --resume',
    },
  ],
  options: copyOptions,
  arguments: {
    source: defineArgument({ name: 'SOURCE', schema: placeSchema, values: 'file' }),
    destination: defineArgument({ name: 'DESTINATION', schema: placeSchema, values: 'file' }),
  },
  validate: validateCopy,
  async run(values, context) {
    const { runCopy } = await import('./copy-run.ts');
    return await runCopy(values, context);
  },
});
