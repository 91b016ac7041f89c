import type { TimedItem, TimeMerge } from '../../../packets/time-merge.ts';
import type { CaptureFormat } from './format/capture-format.ts';
import type { CapturedTarget } from './targets/captured-target.ts';
import type { PacketSink } from './packet-sink.ts';

/** After how much of it a capture is over; null: no limit. */
export interface CaptureLimits {
  maxPackets: number | null;
  maxBytes: number | null;
}

/** The packets of all targets on their way from the merge to where they go, with their counts. */
export class CaptureFlow<Item extends TimedItem> {
  readonly #merge: TimeMerge<Item>;
  readonly #format: CaptureFormat<Item>;
  readonly #sink: PacketSink;
  readonly #limits: CaptureLimits;
  readonly #packets = new Map<CapturedTarget, number>();
  #total = 0;
  #bytes = 0;

  constructor(merge: TimeMerge<Item>, format: CaptureFormat<Item>, sink: PacketSink, limits: CaptureLimits) {
    this.#merge = merge;
    this.#format = format;
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Packets that were written. */
  get total(): number {
    return this.#total;
  }

  /** Bytes that were written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns how many packets of a target were written. */
  countPackets(target: CapturedTarget): number {
    return this.#packets.get(target) ?? 0;
  }

  /**
   * Writes what comes before the packets, and the packets until the merge ends or a limit is reached.
   * @throws what the sink throws. The merge then takes what still comes, and drops it.
   */
  async run(): Promise<void> {
    try {
      await this.write(this.#format.begin());
      for await (const items of this.#merge) {
        const { blocks, isFull } = this.#encode(items);
        if (blocks.length > 0) await this.write(Buffer.concat(blocks));
        if (isFull) return;
      }
    } finally {
      this.#merge.abandon();
    }
  }

  /** @throws what the sink throws. */
  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    await this.#sink.write(bytes);
    this.#bytes += bytes.length;
  }

  #encode(items: Item[]): { blocks: Buffer[]; isFull: boolean } {
    const { maxPackets, maxBytes } = this.#limits;
    const blocks: Buffer[] = [];
    let bytes = this.#bytes + this.#format.endBytes;
    for (const item of items) {
      const block = this.#format.encode(item);
      bytes += block.length;
      if (maxBytes !== null && bytes > maxBytes) return { blocks, isFull: true };
      blocks.push(block);
      const target = this.#format.getTarget(item);
      this.#packets.set(target, this.countPackets(target) + 1);
      if (++this.#total === maxPackets) return { blocks, isFull: true };
    }
    return { blocks, isFull: false };
  }
}
