import type { TargetSelection } from '../../../../cluster/target/selection/target-selection.ts';
import { findRecipe } from '../../../../toolbox/catalogue.ts';
import type { OutputKind, Recipe } from '../../../../toolbox/recipes.ts';
import type { OptionSources } from '../../../command-line/raw-arguments.ts';
import type { Option } from '../../../command-line/option.ts';
import { UsageError } from '../../../errors.ts';
import { isGiven } from '../../../options/option-rules.ts';
import { requireFolder } from '../../../options/output-file-options.ts';
import type { SessionValues } from '../session-request.ts';
import { isForMany, manyOptions, refuseSelection } from './many-options.ts';

/** How one command runs in many targets. */
export interface ManyRequest {
  selection: TargetSelection;
  maxAtOnce: number;
  format: 'prefix' | 'plain' | 'json';
  /** null: what the commands write is printed. */
  folder: { path: string; force: boolean; kind: OutputKind } | null;
  failFast: boolean;
  watch: boolean;
}

/**
 * Decides how a command runs in many targets.
 * @param recipes the user's own.
 * @throws UsageError.
 */
export function describeMany(values: SessionValues, recipes: Recipe[]): ManyRequest {
  const { many, targets, container, allNamespaces, tool, command, dryRun } = values;
  refuseSelection(values);
  const { selector, all, allContainers, outputDir } = many;
  const kind = (tool === null ? null : findRecipe(tool, recipes)?.output) ?? 'text';
  requireFolder(outputDir, kind, command);
  const plain = many.noPrefix ? 'plain' : 'prefix';
  return {
    selection: { names: targets, selector, all, allNamespaces, container, allContainers },
    maxAtOnce: many.maxAtOnce,
    format: dryRun.format === 'json' ? 'json' : plain,
    folder: outputDir === null ? null : { path: outputDir, force: values.force, kind },
    failFast: many.failFast,
    watch: many.watch,
  };
}

/**
 * Checks the options for many targets against those for one.
 * @param ofOne those that a command in many targets does not take.
 * @throws UsageError.
 */
export function validateMany(
  values: Pick<SessionValues, 'many' | 'targets' | 'dryRun' | 'command' | 'tool'>,
  sources: OptionSources,
  ofOne: Option[],
  format: Option,
): void {
  const { failFast, maxAtOnce, noPrefix, outputDir, watch } = manyOptions;
  if (!isForMany(values)) {
    const given = [failFast, maxAtOnce, noPrefix, outputDir, watch].find((option) =>
      isGiven(option, sources),
    );
    if (given !== undefined)
      throw new UsageError(`--${given.flag} is for many targets: --selector, --all, or several TARGETs`);
    return;
  }
  if (values.targets.length > 1 && values.command === null && values.tool === null)
    throw new UsageError(`${values.targets.length} TARGETs, and no command: a command stands after --`);
  const refused = ofOne.find((option) => isGiven(option, sources));
  if (refused !== undefined) throw new UsageError(`--${refused.flag} is for a session with one target`);
  if (isGiven(format, sources) && values.dryRun.format !== 'json')
    throw new UsageError('of many targets, --output is json');
  if (isGiven(format, sources) && isGiven(outputDir, sources))
    throw new UsageError("--output and --output-dir can't be combined");
  if (isGiven(format, sources) && isGiven(noPrefix, sources))
    throw new UsageError("--output and --no-prefix can't be combined");
  if (values.many.watch && isGiven(outputDir, sources))
    throw new UsageError("--watch and --output-dir can't be combined: the name of a file is of one run");
}
