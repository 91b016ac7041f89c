import type { TcpdumpCounts } from '../targets/captured-target.ts';

/** What a capture asks tcpdump for. */
export interface TcpdumpRequest {
  networkInterface: string;
  /** null: all of each packet. */
  snapBytes: number | null;
  /** null: every packet. */
  filter: string | null;
}

/** KiB of the kernel's buffer: what comes while the tunnel has no room. libpcap's own is 2 MiB. */
const kernelBufferKiB = 8192;

/**
 * @param output `packets`: a capture, with times in nanoseconds; `lines`: a line of text for each packet, which begins
 *   with its time in seconds since 1970.
 * @returns the command line in the toolbox.
 */
export function buildTcpdump(request: TcpdumpRequest, output: 'packets' | 'lines'): string[] {
  const { networkInterface, snapBytes, filter } = request;
  return [
    ...['tcpdump', '-i', networkInterface, '-B', String(kernelBufferKiB)],
    // -U: a packet is passed on as soon as the kernel has passed it on, and the header at once.
    ...(output === 'packets' ? ['-U', '--time-stamp-precision=nano', '-w', '-'] : ['-l', '-nn', '-tt']),
    ...(snapBytes === null ? [] : ['-s', String(snapBytes)]),
    ...(filter === null ? [] : ['--', filter]),
  ];
}

/** @returns a command line that translates a filter, for the same interface, and captures nothing. */
export function buildFilterCheck({ networkInterface, filter }: TcpdumpRequest): string[] {
  return ['tcpdump', '-i', networkInterface, '-d', '--', filter ?? ''];
}

/**
 * Reads the counts that tcpdump prints when it ends. What an interface has dropped before the filter is added to what the
 * kernel has dropped behind it.
 */
export function readTcpdumpCounts(stderr: string): TcpdumpCounts {
  const find = (what: RegExp) => {
    const count = new RegExp(String.raw`^(\d+) packets? ${what.source}`, 'm').exec(stderr)?.[1];
    return count === undefined ? null : Number(count);
  };
  const byKernel = find(/dropped by kernel/);
  const byInterface = find(/dropped by interface/);
  return {
    received: find(/received by filter/),
    dropped: byKernel === null ? null : byKernel + (byInterface ?? 0),
  };
}

/** @returns what tcpdump says of its failure; null when it says nothing. */
export function readTcpdumpError(stderr: string): string | null {
  const lines = stderr
    .split('\n')
    .flatMap((line) => /^tcpdump: (?!(?:listening|verbose|data link))(.+)/.exec(line)?.[1] ?? []);
  return lines.join('; ') || null;
}
