import { escapeText } from '../../../../failure/escape-text.ts';
import { PacketLineReader } from './packet-lines.ts';
import type { CapturedTarget } from '../targets/captured-target.ts';
import { type CaptureFormat, itemOverheadBytes } from './capture-format.ts';

interface LineItem {
  time: bigint;
  bytes: number;
  text: string;
  target: CapturedTarget;
}

const nothing = Buffer.alloc(0);

/** Makes a line of each packet: its time here, the target, and what tcpdump prints of the packet. */
export function createLineFormat(): CaptureFormat<LineItem> {
  return {
    input: 'lines',
    begin: () => nothing,
    createReader: (target) => {
      const reader = new PacketLineReader();
      return (chunk) =>
        reader
          .push(chunk)
          .map(({ time, text }) => ({ time, text, target, bytes: text.length * 2 + itemOverheadBytes }));
    },
    encode: ({ time, text, target }) =>
      Buffer.from(`${formatClock(time)} ${target.name} ${escapeText(text)}\n`),
    end: () => nothing,
    endBytes: 0,
    getTarget: ({ target }) => target,
  };
}

/** As tcpdump: the time of day here, with microseconds. */
function formatClock(time: bigint): string {
  const date = new Date(Number(time / 1_000_000n));
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()];
  const fraction = String((time / 1000n) % 1_000_000n).padStart(6, '0');
  return `${clock.map((part) => String(part).padStart(2, '0')).join(':')}.${fraction}`;
}
