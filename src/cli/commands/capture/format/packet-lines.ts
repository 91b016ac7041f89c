import { LineSplitter } from '../../../../session-api/connection/line-splitter.ts';

/** A packet as tcpdump prints it. */
export interface PacketLine {
  /** Nanoseconds since 1970. */
  time: bigint;
  text: string;
}

/** tcpdump prints no longer lines without -v; what is longer is cut. */
const maxLineCharacters = 64 * 1024;

/** Reads what `tcpdump -tt` prints, piece by piece. */
export class PacketLineReader {
  readonly #splitter = new LineSplitter(maxLineCharacters);
  #lastTime = 0n;

  /** @returns the lines that are complete now. A line without a time belongs to the packet before. */
  push(chunk: Buffer): PacketLine[] {
    return this.#splitter.push(chunk.toString('latin1')).map((line) => {
      const [, seconds = '', fraction = '', text = line] = /^(\d{1,12})\.(\d{1,9}) (.*)$/.exec(line) ?? [];
      if (seconds !== '') this.#lastTime = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
      return { time: this.#lastTime, text };
    });
  }
}
