/** A tool of the toolbox. */
export interface Tool {
  /** As it is called. */
  name: string;
  purpose: string;
}

/** The tools to look for by name. The toolbox holds more: what every distribution has. */
export const catalogue: Tool[] = [
  { name: 'bash', purpose: 'shell' },
  { name: 'curl', purpose: 'transfer data by URL' },
  { name: 'dig', purpose: 'ask DNS servers' },
  { name: 'file', purpose: 'tell what kind of file something is' },
  { name: 'find', purpose: 'find files' },
  { name: 'gdb', purpose: 'debug a process' },
  { name: 'host', purpose: 'look up a name in DNS' },
  { name: 'ip', purpose: 'addresses, links, routes' },
  { name: 'jq', purpose: 'query JSON' },
  { name: 'killall', purpose: 'signal processes by name' },
  { name: 'less', purpose: 'page through text' },
  { name: 'lsof', purpose: 'open files and their processes' },
  { name: 'ltrace', purpose: 'trace library calls' },
  { name: 'nano', purpose: 'edit text' },
  { name: 'nc', purpose: 'raw TCP and UDP connections' },
  { name: 'nslookup', purpose: 'look up a name in DNS' },
  { name: 'nstat', purpose: 'network counters' },
  { name: 'perl', purpose: 'script' },
  { name: 'ping', purpose: 'reachability of a host' },
  { name: 'pmap', purpose: 'memory map of a process' },
  { name: 'ps', purpose: 'list processes' },
  { name: 'pstree', purpose: 'processes as a tree' },
  { name: 'python3', purpose: 'script' },
  { name: 'socat', purpose: 'join two streams of any kind' },
  { name: 'ss', purpose: 'sockets' },
  { name: 'strace', purpose: 'trace system calls' },
  { name: 'tc', purpose: 'traffic control' },
  { name: 'tcpdump', purpose: 'capture packets' },
  { name: 'top', purpose: 'processes by load' },
  { name: 'vi', purpose: 'edit text' },
  { name: 'vmstat', purpose: 'memory and CPU over time' },
];

/** @returns null when there is no such tool. */
export function findTool(name: string): Tool | null {
  return catalogue.find((tool) => tool.name === name) ?? null;
}

/** @returns the name of the tool that was probably meant; null when none is near. */
export function findNearestTool(name: string): string | null {
  const near = catalogue
    .map((tool) => ({ name: tool.name, distance: countEdits(name, tool.name) }))
    .toSorted((one, other) => one.distance - other.distance)[0];
  return near && near.distance <= Math.max(1, Math.floor(name.length / 3)) ? near.name : null;
}

/** Levenshtein's distance: single characters inserted, removed or replaced. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      next.push(
        Math.min(
          (row[column + 1] as number) + 1,
          (next[column] as number) + 1,
          (row[column] as number) + (character === other ? 0 : 1),
        ),
      );
    }
    row = next;
  }
  return row.at(-1) as number;
}
