import type { TargetName } from '../../../cluster/target/target-name.ts';
import type { OptionValues } from '../../command-line/option.ts';
import type { captureOptions } from './capture-options.ts';

/** What a command line asks the capture for. */
export type CaptureRequest = OptionValues<typeof captureOptions> & {
  targets: TargetName[];
  /** What stands after `--`. */
  filter: string[] | null;
};

/** @returns the filter as libpcap takes it, of however many words it was typed; null for every packet. */
export function joinWords({ filter }: Pick<CaptureRequest, 'filter'>): string | null {
  return filter?.join(' ').trim() || null;
}
