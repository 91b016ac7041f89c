import type { Option } from '../command-line/option.ts';
import type { OptionSources } from '../command-line/raw-arguments.ts';
import { UsageError } from '../errors.ts';

/** @throws UsageError when an option is given together with one that it rules out. */
export function refuseCombinations(sources: OptionSources, option: Option, others: Option[]): void {
  const other = others.find((candidate) => isGiven(candidate, sources));
  if (isGiven(option, sources) && other !== undefined)
    throw new UsageError(`--${option.flag} and --${other.flag} can't be combined`);
}

/** @throws UsageError when an option is given without the one that it is for. */
export function requireCompanion(sources: OptionSources, option: Option, needed: Option): void {
  if (isGiven(option, sources) && !isGiven(needed, sources))
    throw new UsageError(`--${option.flag} needs --${needed.flag} FILE`);
}

/** Whether the command line itself gives an option. */
export function isGiven(option: Option, sources: OptionSources): boolean {
  return sources.get(option) === 'flag';
}
