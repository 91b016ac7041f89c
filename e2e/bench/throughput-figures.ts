import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { composeSession, inspectAgent, removeAgents } from './agents.ts';
import { type BenchCluster, benchNamespace, targetPod } from './bench-cluster.ts';
import { compareRuns, compareWithLimit, type Figure } from './figure.ts';
import { readPeakMemory } from './process-memory.ts';
import { runTimed, type TimedRun } from './timed-process.ts';
import { measureInTurns } from './turns.ts';

const file = '/tmp/data';
const arrived = 'arrived\n';
// It says something at the end: kubectl exec often fails after a silent command that has read much.
const sink = ['sh', '-c', 'cat >/dev/null && echo arrived'];
const memoryLimitMB = 150;
const target = { comparison: 'at least', ratio: 0.8 } as const;

/** Measures what passes out of a command and into one, and the memory that client and agent take for it. */
export async function measureThroughput(
  cluster: BenchCluster,
  runs: number,
  bytes: number,
): Promise<Figure[]> {
  const { env, kubectl } = cluster;
  // Another agent: its memory is to be that of what is measured here.
  await removeAgents(cluster);
  const directory = await mkdtemp(join(tmpdir(), 'crashcart-bench-'));
  try {
    const copy = join(directory, 'data');
    // Random, so that nothing on the way gains by compressing it.
    await kubectl(['exec', targetPod, '--', 'sh', '-c', `head -c ${bytes} /dev/urandom >${file}`]);
    await kubectl(['cp', `${targetPod}:${file}`, copy]);
    const sha256 = await hashFile(copy);
    const peaks: number[] = [];
    const exec = ['kubectl', 'exec', '-n', benchNamespace, targetPod];
    const rate = ({ ms }: TimedRun) => bytes / 1e6 / (ms / 1000);

    const ourRate = (run: TimedRun) => {
      peaks.push(run.peakMemoryMB);
      return rate(run);
    };
    const pull = async (command: string[]) => {
      const run = await runTimed(command, env);
      if (run.stdout.sha256 !== sha256)
        throw new Error(`${run.stdout.bytes} other bytes came out of ${command.join(' ')}`);
      return run;
    };
    // Not hashed on the way in: how fast each one's sha256sum is would be measured, and not the way.
    const push = async (command: string[]) => {
      const run = await runTimed([...command, ...sink], env, copy);
      if (run.stdout.start !== arrived) throw new Error(`not all arrived in ${command.join(' ')}`);
      return run;
    };

    await assertArrival([...exec, '-i', '--', 'sha256sum'], cluster, copy, sha256);
    await assertArrival(composeSession(['-i'], ['sha256sum']), cluster, copy, sha256);
    const out = await measureInTurns(runs, {
      ours: async () => ourRate(await pull(composeSession([], ['cat', `/target${file}`]))),
      kubectl: async () => rate(await pull([...exec, '--', 'cat', file])),
    });
    const into = await measureInTurns(runs, {
      ours: async () => ourRate(await push(composeSession(['-i'], []))),
      kubectl: async () => rate(await push([...exec, '-i', '--'])),
    });
    const agent = await inspectAgent(cluster);
    const size = `${bytes / 1e6} MB`;
    return [
      compareRuns(`${size} out : kubectl exec`, 'MB/s', out.ours, out.kubectl, target),
      compareRuns(`${size} in : kubectl exec -i`, 'MB/s', into.ours, into.kubectl, target),
      compareWithLimit('peak memory of the client', 'MB', peaks, memoryLimitMB),
      compareWithLimit('peak memory of the agent', 'MB', [readPeakMemory(agent.pid) ?? NaN], memoryLimitMB),
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function assertArrival(
  command: string[],
  { env }: BenchCluster,
  input: string,
  sha256: string,
): Promise<void> {
  const { stdout } = await runTimed(command, env, input);
  if (!stdout.start.startsWith(sha256)) throw new Error(`other bytes arrived in ${command.join(' ')}`);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
