import type { TimedItem } from '../../../../packets/time-merge.ts';
import type { CapturedTarget, TargetResult } from '../targets/captured-target.ts';

/** What is made of the packets of all targets. */
export interface CaptureFormat<Item extends TimedItem> {
  /** What tcpdump is asked for. */
  input: 'packets' | 'lines';
  /** What comes before the first packet. */
  begin: () => Buffer;
  /** @returns what reads the output of tcpdump in one target, piece by piece. */
  createReader: (target: CapturedTarget) => (chunk: Buffer) => Item[];
  encode: (item: Item) => Buffer;
  /** What comes after the last packet. */
  end: (results: TargetResult[]) => Buffer;
  /** The most that the end may take. */
  endBytes: number;
  getTarget: (item: Item) => CapturedTarget;
}

/** What a packet takes in memory besides its bytes, by and large. */
export const itemOverheadBytes = 256;
