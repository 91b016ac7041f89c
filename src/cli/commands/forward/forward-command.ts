import * as z from 'zod';
import { parseTargetName } from '../../../cluster/target/target-name.ts';
import { defineArgument, defineArguments } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { forwardOptions, validateForward } from './forward-options.ts';
import { parseForwardRule } from './forward-rule.ts';

/** Forwards ports of this machine to what a target can reach. */
export const forwardCommand = defineCommand({
  name: 'forward',
  usage: [
    'kubectl crashcart forward TARGET [LOCAL:]REMOTE... [-R PORT:PORT] [-D PORT]',
    '    [-n NAMESPACE] [flags]',
  ].join('\n'),
  summary: [
    'Forward ports of this machine to what a target can reach, as the target sees it.',
    "REMOTE is PORT, of the target's loopback; HOST:PORT, by a name that the target's",
    'resolver knows, such as a service; or /PATH, a unix socket in the container.',
    'LOCAL is the same port without one, and a free port when it is empty: `:80`.',
    '-R has the target listen, and connects here. -D is a SOCKS5 proxy: all names and',
    "addresses are the target's.",
    'Connections wait while the line to the cluster is lost, and go on afterwards.',
    'Ctrl-C ends all of them, with exit code 0.',
  ].join('\n'),
  examples: [
    { purpose: 'A port that listens on loopback alone', line: 'kubectl crashcart forward web-0 8080:80' },
    {
      purpose: 'A database that only the pod may reach',
      line: 'kubectl crashcart forward web-0 5432:db.shop:5432',
    },
    {
      purpose: 'A unix socket of the container, on a free port',
      line: 'kubectl crashcart forward web-0 :/run/app.sock',
    },
    {
      purpose: 'A program of this machine, as port 9000 of the pod',
      line: 'kubectl crashcart forward web-0 -R 9000:3000',
    },
    {
      purpose: "All that the pod can reach, for a browser or curl's --socks5-hostname",
      line: 'kubectl crashcart forward web-0 -D 1080',
    },
  ],
  options: forwardOptions,
  arguments: {
    target: defineArgument({
      name: 'TARGET',
      schema: z.string().transform(parseTargetName),
      values: 'target',
    }),
    rules: defineArguments({
      name: 'REMOTE',
      schema: z.string().transform(parseForwardRule),
      isRequired: false,
    }),
  },
  validate: validateForward,
  async run(values, context) {
    const { runForward } = await import('./forward-run.ts');
    return await runForward(values, context);
  },
});
