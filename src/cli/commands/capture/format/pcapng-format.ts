import { type ClockOffset, describeOffset } from '../../../../cluster/session/clock/clock-offset.ts';
import { parseAddress } from '../../../../packets/ip-address.ts';
import { PcapReader, type Packet } from '../../../../packets/pcap-reader.ts';
import {
  encodeInterface,
  encodeNames,
  encodePacket,
  encodeSection,
  encodeStatistics,
} from '../../../../packets/pcapng-blocks.ts';
import { version } from '../../../plugin-version.ts';
import { type CaptureFormat, itemOverheadBytes } from './capture-format.ts';
import type { CapturedTarget, TargetResult } from '../targets/captured-target.ts';

interface PacketItem {
  time: bigint;
  bytes: number;
  packet: Packet;
  capture: InterfaceCapture;
}

interface InterfaceCapture {
  target: CapturedTarget;
  reader: PcapReader;
  /** Its index in the file; null before its first packet, or its end. */
  index: number | null;
  startTime: bigint;
}

/** A block of statistics with all its options has 104 bytes, and a description of an interface some hundred. */
const endBytesPerTarget = 1024;

/** What a file tells besides its packets. */
export interface PcapngFacts {
  /** Names by address. */
  names: Map<string, Set<string>>;
  /** @returns the filter of a target; null for none. */
  getFilter: (target: CapturedTarget) => string | null;
  /** @returns how far the clock of a target's node is off; null when that is not known. */
  getClock: (target: CapturedTarget) => ClockOffset | null;
  targetCount: number;
}

/** Makes one file in which each target is an interface. */
export function createPcapngFormat(facts: PcapngFacts): CaptureFormat<PacketItem> {
  const captures = new Map<CapturedTarget, InterfaceCapture>();
  let interfaces = 0;
  /** @returns the interface's description, the first time; else nothing. */
  const describe = (capture: InterfaceCapture): Buffer => {
    const { header } = capture.reader;
    if (capture.index !== null || header === null) return Buffer.alloc(0);
    capture.index = interfaces++;
    const { target } = capture;
    return encodeInterface({
      ...header,
      name: target.name,
      description: describeTarget(target),
      filter: facts.getFilter(target),
      comment: describeClock(facts.getClock(target)),
    });
  };
  return {
    input: 'packets',
    begin: () =>
      Buffer.concat([encodeSection(`kubectl-crashcart ${version}`), encodeNames(readNames(facts.names))]),
    createReader: (target) => {
      const capture: InterfaceCapture = { target, reader: new PcapReader(), index: null, startTime: now() };
      captures.set(target, capture);
      return (chunk) =>
        capture.reader.push(chunk).map((packet) => ({
          time: packet.time,
          bytes: packet.data.length + itemOverheadBytes,
          packet,
          capture,
        }));
    },
    encode: ({ packet, capture }) => {
      const description = describe(capture);
      const block = encodePacket(packet, capture.index ?? 0);
      return description.length === 0 ? block : Buffer.concat([description, block]);
    },
    end: (results) => {
      // Also of a target without packets: that is what was found out.
      const descriptions = [...captures.values()].map(describe);
      const statistics = results.map((result) => encodeResult(result, captures.get(result.target)));
      return Buffer.concat([...descriptions, ...statistics]);
    },
    endBytes: facts.targetCount * endBytesPerTarget,
    getTarget: ({ capture }) => capture.target,
  };
}

function encodeResult(
  { received, dropped, packets }: TargetResult,
  capture: InterfaceCapture | undefined,
): Buffer {
  if (capture === undefined || capture.index === null) return Buffer.alloc(0);
  const { startTime, index } = capture;
  return encodeStatistics({ startTime, endTime: now(), received, dropped, delivered: packets }, index);
}

function describeTarget({ target, node }: CapturedTarget): string {
  return target.kind === 'node'
    ? `node ${node}`
    : `container ${target.container} of pod ${target.pod} in namespace ${target.namespace} on node ${node}`;
}

function describeClock(clock: ClockOffset | null): string | null {
  return clock === null ? null : `clock of the node: ${describeOffset(clock)}; times are the node's own`;
}

function readNames(names: Map<string, Set<string>>) {
  return [...names].flatMap(([text, each]) => {
    const address = parseAddress(text);
    return address === null ? [] : [{ address, names: [...each] }];
  });
}

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
