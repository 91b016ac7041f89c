import { type BenchCluster, benchNamespace, targetImage } from './bench-cluster.ts';
import { compareWithLimit, computeMedian, type Figure } from './figure.ts';
import { runCommand } from '../../images/machine/run-command.ts';

const waitedPod = 'waited';
const maxRuns = 10;
/** A client that waits has all ready before that. */
const initSeconds = 5;
/** What --wait promises. */
const limitMs = 100;

/**
 * Measures the time from the first instructions of a container's program to those of the session that has waited for it,
 * by the clock of their node.
 */
export async function measureWait(cluster: BenchCluster, runs: number): Promise<Figure> {
  const times: number[] = [];
  for (let run = 0; run < Math.min(runs, maxRuns); run++) times.push(await measureEntering(cluster));
  return compareWithLimit('--wait, from the start', 'ms', [computeMedian(times)], limitMs);
}

async function measureEntering({ kubectl, env, node }: BenchCluster): Promise<number> {
  const image = targetImage;
  await kubectl(['create', '-f', '-'], {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: waitedPod } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 1,
      initContainers: [{ name: 'setup', image, command: ['sleep', String(initSeconds)] }],
      containers: [
        { name: 'app', image, command: ['sh', '-c', 'cat /proc/uptime >/tmp/at; while :; do sleep 1; done'] },
      ],
    },
  });
  const script = 'cat /proc/uptime /target/tmp/at';
  const where = ['-n', benchNamespace, '--agent-namespace', benchNamespace];
  const session = ['crashcart', waitedPod, ...where, '-c', 'app', '--wait', '-q', '--', 'sh', '-c', script];
  const output = await runCommand('kubectl', session, { env });
  const [entered = Number.NaN, started = Number.NaN] = output.split('\n').map(Number.parseFloat);
  if (!(entered >= started)) throw new Error(`the start was not told: ${output}`);
  await kubectl(['delete', 'pod', waitedPod, '--now']);
  return (entered - started) * 1000;
}
