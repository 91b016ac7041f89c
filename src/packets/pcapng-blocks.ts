/**
 * Blocks of a pcapng file, in little-endian. There is no kept package for npm that writes them with names and statistics.
 * https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcapng.html
 */
import type { Packet, PcapHeader } from './pcap-reader.ts';

const blockTypes = { section: 0x0a_0d_0d_0a, interface: 1, names: 4, statistics: 5, packet: 6 } as const;
const byteOrderMagic = 0x1a_2b_3c_4d;
/** Times are in units of 10^-9 s (if_tsresol). */
const nanoseconds = 9;
/** The length of an option and of a name record has 16 bits. */
const maxTextBytes = 0xff_ff;
/** A block of names stays far below what readers take as a block (Wireshark: 16 MiB). */
const maxNameRecords = 10_000;

const optionCodes = {
  comment: 1,
  ifName: 2,
  ifDescription: 3,
  ifTimeResolution: 9,
  ifFilter: 11,
  userApplication: 4,
  startTime: 2,
  endTime: 3,
  received: 4,
  dropped: 5,
  delivered: 8,
} as const;

type BlockOption = [code: number, value: string | Buffer | null];

/** Where packets were captured. */
export interface CaptureInterface extends PcapHeader {
  name: string;
  description: string;
  /** null: every packet. */
  filter: string | null;
  /** What else a reader should know; null: nothing. */
  comment: string | null;
}

/** What one interface has captured. */
export interface InterfaceStatistics {
  /** Nanoseconds since 1970. */
  startTime: bigint;
  endTime: bigint;
  /** Packets that the filter has let pass; null: not known. */
  received: number | null;
  /** Packets that the kernel had no room for; null: not known. */
  dropped: number | null;
  /** Packets in the file. */
  delivered: number;
}

/** The beginning of a file. @param application which writes the file. */
export function encodeSection(application: string): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(byteOrderMagic, 0);
  head.writeUInt16LE(1, 4);
  // The length of the section: not known.
  head.writeBigInt64LE(-1n, 8);
  return encodeBlock(blockTypes.section, [head, encodeOptions([[optionCodes.userApplication, application]])]);
}

/** Describes an interface: the first one of a file has the index 0, the next 1. */
export function encodeInterface(described: CaptureInterface): Buffer {
  const { linkType, snapLength, name, description, filter, comment } = described;
  const head = Buffer.alloc(8);
  head.writeUInt16LE(linkType, 0);
  head.writeUInt32LE(snapLength, 4);
  const options: BlockOption[] = [
    [optionCodes.ifName, name],
    [optionCodes.ifDescription, description],
    [optionCodes.ifTimeResolution, Buffer.of(nanoseconds)],
    // Its first byte says that a string for libpcap follows.
    [optionCodes.ifFilter, filter === null ? null : `\0${filter}`],
    [optionCodes.comment, comment],
  ];
  return encodeBlock(blockTypes.interface, [head, encodeOptions(options)]);
}

/** @param index of the interface. */
export function encodePacket({ time, data, originalLength }: Packet, index: number): Buffer {
  const padding = countPadding(data.length);
  const length = 32 + data.length + padding;
  // One allocation for each packet: this is done for every one of them.
  const block = Buffer.allocUnsafe(length);
  block.writeUInt32LE(blockTypes.packet, 0);
  block.writeUInt32LE(length, 4);
  block.writeUInt32LE(index, 8);
  block.writeUInt32LE(Number((time >> 32n) & 0xff_ff_ff_ffn), 12);
  block.writeUInt32LE(Number(time & 0xff_ff_ff_ffn), 16);
  block.writeUInt32LE(data.length, 20);
  block.writeUInt32LE(originalLength, 24);
  data.copy(block, 28);
  block.fill(0, 28 + data.length, 28 + data.length + padding);
  block.writeUInt32LE(length, length - 4);
  return block;
}

/** An address with its names; the address has 4 bytes, or 16. */
export interface AddressNames {
  address: Buffer;
  names: string[];
}

/** @returns blocks of names; nothing for no names. */
export function encodeNames(addresses: AddressNames[]): Buffer {
  const blocks: Buffer[] = [];
  for (let from = 0; from < addresses.length; from += maxNameRecords) {
    const records = addresses.slice(from, from + maxNameRecords).map(({ address, names }) => {
      const isIPv4 = address.length === 4;
      return encodeField(
        isIPv4 ? 1 : 2,
        Buffer.concat([address, ...names.map((name) => Buffer.from(`${name}\0`))]),
      );
    });
    blocks.push(encodeBlock(blockTypes.names, [...records, Buffer.alloc(4)]));
  }
  return Buffer.concat(blocks);
}

/** Tells at the end what an interface has captured. @param index of the interface. */
export function encodeStatistics(statistics: InterfaceStatistics, index: number): Buffer {
  const { startTime, endTime, received, dropped, delivered } = statistics;
  const head = Buffer.alloc(12);
  head.writeUInt32LE(index, 0);
  encodeTime(endTime).copy(head, 4);
  const options: BlockOption[] = [
    [optionCodes.startTime, encodeTime(startTime)],
    [optionCodes.endTime, encodeTime(endTime)],
    [optionCodes.received, encodeCount(received)],
    [optionCodes.dropped, encodeCount(dropped)],
    [optionCodes.delivered, encodeCount(delivered)],
  ];
  return encodeBlock(blockTypes.statistics, [head, encodeOptions(options)]);
}

function encodeBlock(type: number, parts: Buffer[]): Buffer {
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, head.subarray(4)]);
}

function encodeOptions(options: BlockOption[]): Buffer {
  const fields = options.map(([code, value]) => {
    if (value === null) return Buffer.alloc(0);
    return encodeField(code, typeof value === 'string' ? Buffer.from(value) : value);
  });
  return Buffer.concat([...fields, Buffer.alloc(4)]);
}

/** An option, or a record of names: code, length, value, and zeros up to the next 32 bits. */
function encodeField(code: number, value: Buffer): Buffer {
  const kept = value.subarray(0, maxTextBytes);
  const field = Buffer.alloc(4 + kept.length + countPadding(kept.length));
  field.writeUInt16LE(code, 0);
  field.writeUInt16LE(kept.length, 2);
  kept.copy(field, 4);
  return field;
}

/** The upper half comes first. */
function encodeTime(time: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(Number((time >> 32n) & 0xff_ff_ff_ffn), 0);
  bytes.writeUInt32LE(Number(time & 0xff_ff_ff_ffn), 4);
  return bytes;
}

function encodeCount(count: number | null): Buffer | null {
  if (count === null) return null;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(count));
  return bytes;
}

function countPadding(length: number): number {
  return (4 - (length % 4)) % 4;
}
