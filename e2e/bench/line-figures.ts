import { spawn } from 'node:child_process';
import { createClientNetwork } from '../faults/client-network.ts';
import { startApiServerProxy } from '../harness/api-server-proxy.ts';
import { composeSession } from './agents.ts';
import { type BenchCluster, benchNamespace, targetPod } from './bench-cluster.ts';
import { compareRuns, type Figure } from './figure.ts';
import { runTimed } from './timed-process.ts';
import { measureInTurns } from './turns.ts';

/** A line on which it is the line that counts. */
const lineBytesPerSecond = 5_000_000;
const bytes = 20_000_000;
/** Each way, as a cluster in another region has it. */
const delayMs = 25;

/** Measures what a long line, a narrow one, and one that is cut do. */
export async function measureLines(cluster: BenchCluster, runs: number): Promise<Figure[]> {
  return [
    ...(await measureCompression(cluster, runs)),
    await measureLongLine(cluster, runs),
    await measureReconnection(cluster, runs),
  ];
}

async function measureCompression({ env, kubectl }: BenchCluster, runs: number): Promise<Figure[]> {
  const make = `head -c ${bytes} /dev/urandom >/tmp/random; seq 10000000 | head -c ${bytes} >/tmp/text`;
  await kubectl(['exec', targetPod, '--', 'sh', '-c', make]);
  const network = await createClientNetwork();
  try {
    await network.limitRate(lineBytesPerSecond);
    const pull = (flags: string[], file: string) => async () => {
      const { ms, stdout } = await runTimed([...network.via, ...composeSession(flags, ['cat', file])], env);
      if (stdout.bytes !== bytes) throw new Error(`${stdout.bytes} of ${bytes} bytes came`);
      return bytes / 1e6 / (ms / 1000);
    };
    const compare = async (name: string, file: string, ratio: number) => {
      const { compressed, plain } = await measureInTurns(Math.min(runs, 3), {
        compressed: pull(['--compress'], `/target/tmp/${file}`),
        plain: pull([], `/target/tmp/${file}`),
      });
      const target = { comparison: 'at least', ratio } as const;
      return compareRuns(`${name} at 5 MB/s, --compress : without`, 'MB/s', compressed, plain, target);
    };
    return [await compare('random', 'random', 0.9), await compare('text', 'text', 2)];
  } finally {
    await network.remove();
  }
}

async function measureLongLine({ env }: BenchCluster, runs: number): Promise<Figure> {
  const proxy = await startApiServerProxy({ delayMs });
  try {
    const exec = ['kubectl', 'exec', ...proxy.flags, '-n', benchNamespace, targetPod, '--', 'true'];
    const { ours, kubectl } = await measureInTurns(runs, {
      ours: async () => (await runTimed(composeSession(proxy.flags, ['true']), env)).ms,
      kubectl: async () => (await runTimed(exec, env)).ms,
    });
    return compareRuns('warm, 50 ms round trip : kubectl exec', 'ms', ours, kubectl, {
      comparison: 'at most',
      ratio: 1.6,
    });
  } finally {
    proxy.close();
  }
}

/** From the reset to the next byte, beside a `kubectl exec` that is started again. */
async function measureReconnection(cluster: BenchCluster, runs: number): Promise<Figure> {
  const { env } = cluster;
  const exec = ['kubectl', 'exec', '-n', benchNamespace, targetPod, '--', 'true'];
  const { ours, kubectl } = await measureInTurns(runs, {
    ours: () => measureGap(cluster),
    kubectl: async () => (await runTimed(exec, env)).ms,
  });
  return compareRuns('from a reset to the next byte : a new kubectl exec', 'ms', ours, kubectl, {
    comparison: 'at most',
    ratio: 2,
  });
}

async function measureGap({ env }: BenchCluster): Promise<number> {
  const proxy = await startApiServerProxy();
  const script = 'while :; do echo; sleep 0.005; done';
  const [file = '', ...args] = composeSession(proxy.flags, ['bash', '-c', script]);
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const next = () => new Promise((resolve) => child.stdout.once('data', resolve));
  try {
    await next();
    proxy.cut();
    const cutAt = performance.now();
    // What was on its way may still come; the connection itself is gone.
    await new Promise((resolve) => setImmediate(resolve));
    await next();
    return performance.now() - cutAt;
  } finally {
    child.kill('SIGTERM');
    await ended;
    proxy.close();
  }
}
