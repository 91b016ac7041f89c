import { composeSession, removeAgents } from './agents.ts';
import { type BenchCluster, benchNamespace, createTarget, targetImage } from './bench-cluster.ts';
import { startBareJob } from './bare-job.ts';
import { compareRuns, type Figure } from './figure.ts';
import { runTimed } from './timed-process.ts';
import { measureInTurns } from './turns.ts';

/**
 * Measures a command for which an agent has to be made, beside a Job that only runs, and `kubectl debug`.
 * @param image the agent's, which the node has.
 */
export async function measureCold(cluster: BenchCluster, runs: number, image: string): Promise<Figure[]> {
  const { env, kubectl } = cluster;
  const job = await startBareJob(cluster, image);
  const { ours, bare, debug } = await measureInTurns(runs, {
    ours: async () => {
      await removeAgents(cluster);
      return (await runTimed(composeSession([], ['true']), env)).ms;
    },
    bare: async () => {
      await job.remove();
      const startedAt = performance.now();
      const pod = await job.create();
      await runTimed(['kubectl', 'exec', '-n', benchNamespace, pod, '--', 'true'], env);
      return performance.now() - startedAt;
    },
    debug: async () => {
      // An ephemeral container stays in its pod's spec: each run needs a pod of its own.
      await kubectl(['delete', 'pod', 'fresh', '--ignore-not-found', '--timeout=50s']);
      await createTarget(cluster, 'fresh');
      const where = ['fresh', '-n', benchNamespace, '--target=server', `--image=${targetImage}`];
      return (await runTimed(['kubectl', 'debug', '-i', ...where, '--', 'true'], env)).ms;
    },
  });
  return [
    compareRuns('cold : Job to Running + kubectl exec', 'ms', ours, bare, {
      comparison: 'at most',
      ratio: 1.6,
    }),
    compareRuns('cold : kubectl debug -i', 'ms', ours, debug, { comparison: 'at most', ratio: 3 }),
  ];
}
