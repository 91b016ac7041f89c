import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { inspectAgent } from './agents.ts';
import type { BenchCluster } from './bench-cluster.ts';
import { compareWithLimit, type Figure } from './figure.ts';

const watchMs = 10_000;
const memoryLimitMB = 60;
/** Of one processor: less can't be told from the clock ticks in which the kernel counts. */
const processorLimit = 0.1;
const ticksPerSecond = 100;

/** Measures an agent that has nothing to do. */
export async function measureIdleAgent(cluster: BenchCluster): Promise<Figure[]> {
  const { pid } = await inspectAgent(cluster);
  const before = await readTicks(pid);
  await delay(watchMs);
  const busySeconds = ((await readTicks(pid)) - before) / ticksPerSecond;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const memoryMB = (Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
  return [
    compareWithLimit('RssAnon of an idle agent', 'MB', [memoryMB], memoryLimitMB),
    compareWithLimit('an idle agent', '% CPU', [(busySeconds / (watchMs / 1000)) * 100], processorLimit),
  ];
}

/** User and system time of a process: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function readTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
