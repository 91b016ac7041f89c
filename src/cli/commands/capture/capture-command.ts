import * as z from 'zod';
import { parseTargetName } from '../../../cluster/target/target-name.ts';
import { defineArguments, defineCommandArgument } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { captureOptions, validateCaptureOptions } from './capture-options.ts';

/** Captures the packets of many targets into one file. */
export const captureCommand = defineCommand({
  name: 'capture',
  usage: [
    'kubectl crashcart capture (TARGET... | -l SELECTOR) [-n NAMESPACE] [-w FILE]',
    '    [--duration TIME] [flags] [-- FILTER]',
  ].join('\n'),
  summary: [
    'Capture the packets of pods and nodes, of all of them together, in the order of',
    'time: as lines, or in one pcapng file in which each target is an interface with',
    'its pod, container and node, and addresses have the names of pods and services.',
    'tcpdump runs in the network namespace of each target, from the toolbox: nothing',
    "is needed in the target. FILTER is libpcap's, and is checked before anything is",
    'captured. Ctrl-C ends the capture; the file is whole then. What was dropped is',
    'told for each target, and is in the file.',
    'Exit code: 125 if a target could not be captured, or not to the end; the packets',
    'of the others are there all the same.',
  ].join('\n'),
  examples: [
    {
      purpose: 'The packets of two pods in one file, until Ctrl-C',
      line: 'kubectl crashcart capture web-0 db-0 -n shop -w shop.pcapng',
    },
    {
      purpose: 'All pods of a deployment',
      line: 'kubectl crashcart capture deploy/web --all -w web.pcapng',
    },
    {
      purpose: 'The pods of an application, in all namespaces',
      line: 'kubectl crashcart capture -l app=web -A -- tcp port 5432',
    },
    {
      purpose: 'DNS requests as lines, for 30 s',
      line: 'kubectl crashcart capture web-0 --duration 30s -- port 53',
    },
    {
      purpose: 'Look at them live in Wireshark',
      line: 'kubectl crashcart capture web-0 db-0 --wireshark -- tcp port 5432',
    },
    {
      purpose: 'The first 1000 packets of a node, for another program',
      line: 'kubectl crashcart capture node/worker-1 -w - --count 1000 | tshark -r -',
    },
  ],
  options: captureOptions,
  arguments: {
    targets: defineArguments({
      name: 'TARGET',
      schema: z.string().transform(parseTargetName),
      values: 'target',
      isRequired: false,
    }),
    filter: defineCommandArgument(z.array(z.string())),
  },
  validate: (values, sources) => validateCaptureOptions(values, sources),
  async run(values, context) {
    const { runCapture } = await import('./capture-run.ts');
    return await runCapture(values, context);
  },
});
