import { composeSession } from './agents.ts';
import { type BenchCluster, benchNamespace, targetPod } from './bench-cluster.ts';
import { compareRuns, compareWithLimit, computeMedian, type Figure } from './figure.ts';
import { runTimed } from './timed-process.ts';
import { measureInTurns } from './turns.ts';

/** What a user takes for at once. */
const completionLimitMs = 300;

/** Measures the program's own start. */
export async function measureVersion({ env }: BenchCluster, runs: number): Promise<Figure> {
  const { ours, kubectl } = await measureInTurns(runs, {
    ours: async () => (await runTimed(['kubectl-crashcart', '--version'], env)).ms,
    kubectl: async () => (await runTimed(['kubectl', 'version', '--client'], env)).ms,
  });
  const target = { comparison: 'at most', ratio: 1.5 } as const;
  return compareRuns('--version : kubectl version --client', 'ms', ours, kubectl, target);
}

/** Measures a Tab for which the API server is asked. */
export async function measureCompletion({ env }: BenchCluster, runs: number): Promise<Figure> {
  const words = ['-n', benchNamespace, targetPod, '-c', ''];
  const times: number[] = [];
  for (let run = 0; run < runs; run++)
    times.push((await runTimed(['kubectl', '__complete', 'crashcart', ...words], env)).ms);
  return compareWithLimit('completion of a container', 'ms', [computeMedian(times)], completionLimitMs);
}

/** Measures a command in the target while an agent runs. */
export async function measureWarm({ env }: BenchCluster, runs: number): Promise<Figure> {
  const exec = ['kubectl', 'exec', '-n', benchNamespace, targetPod, '--', 'true'];
  const { ours, kubectl } = await measureInTurns(runs, {
    ours: async () => (await runTimed(composeSession([], ['true']), env)).ms,
    kubectl: async () => (await runTimed(exec, env)).ms,
  });
  return compareRuns('warm : kubectl exec', 'ms', ours, kubectl, { comparison: 'at most', ratio: 1.6 });
}
