import type { OptionSources } from '../../command-line/raw-arguments.ts';
import { createGroup, type OptionValues } from '../../command-line/option.ts';
import { UsageError } from '../../errors.ts';
import { clusterOptions } from '../../options/access-options.ts';
import { newAgentOptions } from '../../options/agent/agent-options.ts';
import { attachmentOptions } from '../../options/attachment-options.ts';
import { refuseCombinations } from '../../options/option-rules.ts';
import { isForMany, manyOptions, refuseSelection } from '../open/many/many-options.ts';
import { containerOption, sessionOptions } from '../open/session-options.ts';
import type { CopyPlace } from './copy-place.ts';

const { defineList, defineSwitch } = createGroup('Copy:');
const { selector, all, allContainers } = manyOptions;

/** Options of the command that copies files. */
export const copyOptions = {
  container: containerOption,
  allNamespaces: sessionOptions.allNamespaces,
  many: { selector, all, allContainers },
  dead: {
    ...sessionOptions.dead,
    describe: 'of a container that has ended: its files and volumes',
  },
  include: defineList({ flag: 'include', describe: 'copy only files of this name; * and ? are patterns' }),
  exclude: defineList({ flag: 'exclude', describe: 'leave out files and folders of this name' }),
  noPreserve: defineSwitch({
    flag: 'no-preserve',
    describe: "don't keep owners, permissions and times",
  }),
  resume: defineSwitch({
    flag: 'resume',
    describe: 'go on with a copy that was cut, and leave what one can go on with',
  }),
  reason: attachmentOptions.reason,
  compress: attachmentOptions.compress,
  quiet: attachmentOptions.quiet,
  ...newAgentOptions,
  ...clusterOptions,
};

/** What a command line asks for. */
export type CopyRequest = OptionValues<typeof copyOptions> & { source: CopyPlace; destination: CopyPlace };

/** The sides of a copy: one is a target's. */
export type CopyDirection =
  | { kind: 'download'; from: CopyPlace & { kind: 'target' }; to: string }
  | { kind: 'upload'; from: string; to: CopyPlace & { kind: 'target' } };

/** @throws UsageError when not exactly one side is a target's. */
export function chooseDirection({
  source,
  destination,
}: Pick<CopyRequest, 'source' | 'destination'>): CopyDirection {
  if (source.kind === 'target' && destination.kind === 'local')
    return { kind: 'download', from: source, to: destination.path };
  if (source.kind === 'local' && destination.kind === 'target')
    return { kind: 'upload', from: source.path, to: destination };
  if (source.kind === 'local')
    throw new UsageError('SOURCE and DESTINATION are both of this machine: one is POD:PATH');
  throw new UsageError('SOURCE and DESTINATION are both of targets: one is a path of this machine');
}

/** @throws UsageError for words and options that don't go together. */
export function validateCopy(values: CopyRequest, sources: OptionSources): void {
  const direction = chooseDirection(values);
  const place = direction.kind === 'download' ? direction.from : direction.to;
  const { many, allNamespaces, container } = values;
  const targets = place.target === null ? [] : [place.target];
  if (place.target === null && many.selector === null)
    throw new UsageError('no target: it stands before the colon, POD:PATH, or is given by --selector');
  refuseSelection({ many, targets, allNamespaces, container });
  refuseCombinations(sources, copyOptions.dead, [selector, all, allContainers]);
  const isMany = isForMany({ many, targets });
  if (direction.kind === 'upload') {
    if (isMany) throw new UsageError('files are copied into one target at a time');
    if (values.dead) throw new UsageError('nothing can be copied into a container that has ended');
    return;
  }
  if (direction.to !== '-') return;
  if (isMany) throw new UsageError('the files of many targets are for a folder, and not for stdout');
  if (values.resume) throw new UsageError('--resume is for files: what was written to stdout is gone');
}
