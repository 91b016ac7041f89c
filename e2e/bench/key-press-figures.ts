import { type ChildProcess, spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { spawn } from '@lydell/node-pty';
import { composeSession } from './agents.ts';
import { type BenchCluster, benchNamespace, targetPod } from './bench-cluster.ts';
import { compareRuns, computeQuantile, type Figure } from './figure.ts';

const keyPresses = 200;
const limitMs = 30_000;
const pauseMs = 20;
const settleMs = 500;
/** 50 MB/s, of another session on the same node. */
const flood = [
  'import sys, time',
  'piece = bytes(250_000)',
  'due = time.monotonic()',
  'while True:',
  '    sys.stdout.buffer.write(piece)',
  '    due += 0.005',
  '    time.sleep(max(0, due - time.monotonic()))',
].join('\n');

/** Measures how long a key takes to be shown, on a quiet node and beside a flood. */
export async function measureKeyPresses(cluster: BenchCluster): Promise<Figure[]> {
  const command = ['sh', '-c', 'echo ready; exec cat'];
  const programs = {
    ours: composeSession(['-t'], command),
    kubectl: ['kubectl', 'exec', '-it', '-n', benchNamespace, targetPod, '--', ...command],
  };
  const idle = await measureBoth(cluster, programs);
  const other = startFlood(cluster);
  try {
    await once(other.stdout as NodeJS.ReadableStream, 'data');
    const flooded = await measureBoth(cluster, programs);
    const median = (values: number[]) => computeQuantile(values, 0.5);
    const tail = (values: number[]) => computeQuantile(values, 0.99);
    const compare = (name: string, both: typeof idle, of: (values: number[]) => number, ratio: number) =>
      compareRuns(`${name} : kubectl exec -it`, 'ms', [of(both.ours)], [of(both.kubectl)], {
        comparison: 'at most',
        ratio,
      });
    return [
      compare('key press, idle, p50', idle, median, 2),
      compare('key press, idle, p99', idle, tail, 2),
      compare('key press, beside 50 MB/s, p50', flooded, median, 2),
      compare('key press, beside 50 MB/s, p99', flooded, tail, 1),
    ];
  } finally {
    other.kill('SIGTERM');
    await once(other, 'close');
  }
}

function startFlood({ env }: BenchCluster): ChildProcess {
  const [file = '', ...args] = composeSession([], ['python3', '-c', flood]);
  const child = spawnProcess(file, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.resume();
  return child;
}

async function measureBoth(cluster: BenchCluster, programs: { ours: string[]; kubectl: string[] }) {
  return {
    ours: await pressKeys(cluster, programs.ours),
    kubectl: await pressKeys(cluster, programs.kubectl),
  };
}

/** @returns for each key the time, in ms, until the terminal has shown it. */
async function pressKeys({ env }: BenchCluster, [file = '', ...args]: string[]): Promise<number[]> {
  const terminal = spawn(file, args, { env: { ...env, TERM: 'xterm' }, cols: 80, rows: 24 });
  let shown: (text: string) => void = () => undefined;
  terminal.onData((text) => shown(text));
  const ended = new Promise((resolve) => terminal.onExit(resolve));
  const expectShown = (key: string, action: () => void) =>
    new Promise<number>((resolve, reject) => {
      const startedAt = performance.now();
      const timer = setTimeout(
        () => reject(new Error(`a key was not shown: ${file} ${args.join(' ')}`)),
        limitMs,
      );
      shown = (text) => {
        if (!text.includes(key)) return;
        clearTimeout(timer);
        resolve(performance.now() - startedAt);
      };
      action();
    });
  try {
    await expectShown('ready', () => undefined);
    // Until the terminal is in raw mode it shows keys itself.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const times: number[] = [];
    for (let count = 0; count < keyPresses; count++) {
      times.push(await expectShown('x', () => terminal.write('x')));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return times;
  } finally {
    terminal.write('\x03');
    const timer = setTimeout(() => terminal.kill('SIGKILL'), limitMs);
    await ended;
    clearTimeout(timer);
  }
}
