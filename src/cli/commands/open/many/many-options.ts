import * as z from 'zod';
import { createGroup, type OptionValues } from '../../../command-line/option.ts';
import { UsageError } from '../../../errors.ts';

const { defineOption, defineSwitch } = createGroup('Many targets:');

/** More would only wait in the agents' lines; each takes two outputs of a tunnel. */
const maxSessions = 1000;

/** Options for one command in many targets. */
export const manyOptions = {
  selector: defineOption({
    flag: 'selector',
    alias: 'l',
    describe: 'all pods that a selector of labels matches: app=web,tier!=db',
  }),
  all: defineSwitch({ flag: 'all', describe: 'all pods of each TARGET, and not one of them' }),
  allContainers: defineSwitch({ flag: 'all-containers', describe: 'all running containers of each pod' }),
  maxAtOnce: defineOption({
    flag: 'max',
    describe: 'how many sessions run at once',
    default: '50',
    schema: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, `it is a number from 1 to ${maxSessions}`)
      .transform(Number)
      .refine((count) => count <= maxSessions, `it is a number from 1 to ${maxSessions}`),
  }),
  noPrefix: defineSwitch({ flag: 'no-prefix', describe: 'print lines without POD/CONTAINER before them' }),
  outputDir: defineOption({
    flag: 'output-dir',
    describe: "folder for a file of each target's stdout, kept if its command ends with code 0",
    values: 'file',
  }),
  failFast: defineSwitch({ flag: 'fail-fast', describe: 'end all sessions when one has failed' }),
  watch: defineSwitch({ flag: 'watch', describe: 'go on with the pods that come later, until Ctrl-C' }),
};
export type ManyValues = OptionValues<typeof manyOptions>;

/** Whether a command line asks for more than one target, whether or not it gets them. */
export function isForMany({
  many,
  targets,
}: {
  many: Pick<ManyValues, 'selector' | 'all' | 'allContainers'>;
  targets: unknown[];
}): boolean {
  return targets.length > 1 || many.selector !== null || many.all || many.allContainers;
}

/** @throws UsageError for words and options of the selection that don't go together. */
export function refuseSelection({
  many: { selector, all, allContainers },
  targets,
  allNamespaces,
  container,
}: {
  many: Pick<ManyValues, 'selector' | 'all' | 'allContainers'>;
  targets: { kind: string }[];
  allNamespaces: boolean;
  container: string | null;
}): void {
  if (selector !== null && targets.length > 0)
    throw new UsageError(
      "TARGET and --selector can't be combined: a selector is of labels, and not of names",
    );
  if (selector === null && targets.length === 0 && (all || allContainers))
    throw new UsageError(`--${all ? 'all' : 'all-containers'} needs a TARGET, or --selector`);
  if (selector !== null && all)
    throw new UsageError('--all is for TARGET: a selector matches all pods by itself');
  if (all && !targets.some(({ kind }) => kind === 'workload' || kind === 'resource'))
    throw new UsageError('--all is for a workload, such as deploy/web: no TARGET has several pods');
  if (allNamespaces && targets.length > 0)
    throw new UsageError('--all-namespaces is for --selector; the namespace of TARGET is given by -n');
  if (allContainers && container !== null)
    throw new UsageError("--all-containers and --container can't be combined");
}
