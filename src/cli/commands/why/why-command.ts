import * as z from 'zod';
import { reportPod } from '../../../cluster/diagnosis/pod-report.ts';
import { parseTargetName } from '../../../cluster/target/target-name.ts';
import { defineArgument } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { writeOutputFile } from '../../attached/output-file.ts';
import { UsageError } from '../../errors.ts';
import { clusterOptions, openApi } from '../../options/access-options.ts';
import { formatValue, reportFormatOption } from '../../options/output-format.ts';
import { pageFileOptions } from '../../options/output-file-options.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import { containerOption } from '../open/session-options.ts';
import { formatHTML } from './why-html.ts';
import { describeReport, type WhyData } from './why-data.ts';
import { formatReport } from './why-page.ts';

/** Tells all that the API server knows of why a pod is as it is. */
export const whyCommand = defineCommand({
  name: 'why',
  usage: ['kubectl crashcart why TARGET [-c CONTAINER] [-o json|yaml]', '    [--output-file FILE]'].join(
    '\n',
  ),
  summary: [
    'Tell why a pod does not run, or why it ended, on one page: what is wrong, in the',
    'words of the API; the containers, their limits, and how they last ended; Events;',
    'the last lines of the log; the node; what its Deployment changed last; and what',
    'to run next. Of a workload, the pod that is the least well. Only the API server',
    'is asked: no agent is needed. What you may not read is said, and the rest is',
    'told all the same.',
    'Exit code: 0 if the page could be made, whatever it says.',
  ].join('\n'),
  examples: [
    { purpose: 'A pod that crashes, or does not start', line: 'kubectl crashcart why web-0 -n shop' },
    { purpose: 'The pod of a deployment that is the least well', line: 'kubectl crashcart why deploy/web' },
    {
      purpose: 'A page with pictures, to pass on',
      line: 'kubectl crashcart why deploy/web --output-file why.html',
    },
    {
      purpose: 'Only what is wrong, for scripts',
      line: `kubectl crashcart why web-0 -o json | jq -r '.causes[] | "\\(.about) \\(.text)"'`,
    },
  ],
  options: { container: containerOption, format: reportFormatOption, ...pageFileOptions, ...clusterOptions },
  arguments: {
    target: defineArgument({
      name: 'TARGET',
      schema: z.string().transform(parseTargetName),
      values: 'target',
    }),
  },
  run: ({ target, container, format, outputFile, force, ...access }, context) =>
    runUntilInterrupted(async (signal) => {
      if (target.kind === 'node') throw new UsageError('"why" is for pods; of a node, `doctor` tells more');
      const api = await openApi(access, context);
      const data = describeReport(await reportPod(api, target, container, signal));
      if (outputFile === null) {
        const columns = context.stdout.columns || null;
        context.stdout.write(format === 'table' ? formatReport(data, columns) : formatValue(data, format));
        return 0;
      }
      const text = format === 'table' ? formatFile(data, outputFile) : formatValue(data, format);
      return await writeOutputFile({ path: outputFile, force }, context.reporter, (output) => {
        output.write(text);
        return Promise.resolve(0);
      });
    }),
});

function formatFile(data: WhyData, path: string): string {
  return /\.html?$/i.test(path) ? formatHTML(data) : formatReport(data, null);
}
