import { Failure } from '../failure/failure.ts';

/** A packet as it was captured. */
export interface Packet {
  /** Nanoseconds since 1970, by the clock of the machine that captured it. */
  time: bigint;
  data: Buffer;
  /** How long the packet was before it was cut. */
  originalLength: number;
}

/** What the header of a capture tells of all its packets. */
export interface PcapHeader {
  /** https://www.tcpdump.org/linktypes.html */
  linkType: number;
  snapLength: number;
}

const headerBytes = 24;
const recordBytes = 16;
/** libpcap's own limit (MAXIMUM_SNAPLEN): what says more is not a capture. */
const maxPacketBytes = 262_144;
const nanosecondMagic = 0xa1_b2_3c_4d;
const microsecondMagic = 0xa1_b2_c3_d4;

/**
 * Reads a capture piece by piece as tcpdump writes it.
 * https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcap.html
 */
export class PcapReader {
  #rest: Buffer = Buffer.alloc(0);
  #isBigEndian = false;
  #nanosecondsPerUnit = 1n;
  #header: PcapHeader | null = null;

  /** null before the header has come. */
  get header(): PcapHeader | null {
    return this.#header;
  }

  /** @returns the packets that are complete now. @throws Failure `streamCorrupt` when this is not a capture. */
  push(chunk: Buffer): Packet[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let position = 0;
    if (this.#header === null && bytes.length >= headerBytes) {
      this.#header = this.#readHeader(bytes);
      position = headerBytes;
    }
    const packets: Packet[] = [];
    while (this.#header !== null && bytes.length - position >= recordBytes) {
      const length = this.#read(bytes, position + 8);
      if (length > maxPacketBytes) throw refuse(`a packet of ${length} bytes`);
      const start = position + recordBytes;
      if (bytes.length - start < length) break;
      packets.push({
        time: this.#readTime(bytes, position),
        data: bytes.subarray(start, start + length),
        originalLength: this.#read(bytes, position + 12),
      });
      position = start + length;
    }
    this.#rest = bytes.subarray(position);
    return packets;
  }

  #readHeader(bytes: Buffer): PcapHeader {
    this.#isBigEndian = [nanosecondMagic, microsecondMagic].includes(bytes.readUInt32BE(0));
    const magic = this.#read(bytes, 0);
    if (magic !== nanosecondMagic && magic !== microsecondMagic)
      throw refuse(`it begins with ${bytes.toString('hex', 0, 4)}`);
    this.#nanosecondsPerUnit = magic === nanosecondMagic ? 1n : 1000n;
    // The upper bits tell of frame check sequences.
    return { snapLength: this.#read(bytes, 16), linkType: this.#read(bytes, 20) & 0xff_ff };
  }

  #readTime(bytes: Buffer, position: number): bigint {
    const seconds = BigInt(this.#read(bytes, position));
    return seconds * 1_000_000_000n + BigInt(this.#read(bytes, position + 4)) * this.#nanosecondsPerUnit;
  }

  #read(bytes: Buffer, position: number): number {
    return this.#isBigEndian ? bytes.readUInt32BE(position) : bytes.readUInt32LE(position);
  }
}

function refuse(why: string): Failure {
  return new Failure('streamCorrupt', `what tcpdump sent is not a capture: ${why}`);
}
