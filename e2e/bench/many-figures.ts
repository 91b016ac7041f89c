import { type BenchCluster, benchNamespace, targetImage } from './bench-cluster.ts';
import { compareRuns, type Figure } from './figure.ts';
import { runTimed } from './timed-process.ts';
import { measureInTurns } from './turns.ts';

const pods = 40;
const containers = 5;
const labels = { app: 'crashcart-bench-many' };
const maxRuns = 5;

/** Measures one command in many targets, on all nodes, beside one target and beside a loop of kubectl exec. */
export async function measureMany(cluster: BenchCluster, runs: number): Promise<Figure[]> {
  const { env } = cluster;
  const names = await createPods(cluster);
  const where = ['-n', benchNamespace, '--agent-namespace', benchNamespace, '-q'];
  const run = async (flags: string[], lines: number) => {
    const command = ['kubectl', 'crashcart', ...where, ...flags, '--', 'echo', 'here'];
    const { ms, stdout } = await runTimed(command, env);
    const bytes = lines * 'here\n'.length;
    if (stdout.bytes !== bytes) throw new Error(`${stdout.bytes} of ${bytes} bytes came`);
    return ms;
  };
  const selected = ['-l', `app=${labels.app}`, '--no-prefix'];
  const loop = `for pod in ${names.join(' ')}; do kubectl exec -n ${benchNamespace} -c c0 $pod -- true || exit 1; done`;
  const { many, one, execs } = await measureInTurns(Math.min(runs, maxRuns), {
    many: () => run(selected, pods),
    one: () => run([`pod/${names[0]}`], 1),
    execs: async () => (await runTimed(['sh', '-c', loop], env)).ms,
  });
  // Its figure is that all of them come.
  await run([...selected, '--all-containers'], pods * containers);
  await cluster.kubectl(['delete', 'deployment', labels.app, '--wait=false']);
  return [
    compareRuns(`a command in ${pods} pods : in one`, 'ms', many, one, { comparison: 'at most', ratio: 4 }),
    compareRuns(`a command in ${pods} pods : a loop of kubectl exec`, 'ms', many, execs, {
      comparison: 'at most',
      ratio: 0.1,
    }),
  ];
}

/** Makes the pods, in equal parts on all nodes. @returns their names. */
async function createPods({ kubectl }: BenchCluster): Promise<string[]> {
  const spread = {
    ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
    labelSelector: { matchLabels: labels },
  };
  const spec = {
    terminationGracePeriodSeconds: 1,
    topologySpreadConstraints: [spread],
    containers: Array.from({ length: containers }, (_, number) => ({
      ...{ name: `c${number}`, image: targetImage, command: ['sleep', '1000000'] },
      resources: { requests: { cpu: '1m', memory: '1Mi' } },
    })),
  };
  await kubectl(['create', '-f', '-'], {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: labels.app } },
    spec: { replicas: pods, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  await kubectl(['rollout', 'status', `deployment/${labels.app}`, '--timeout=180s']);
  const list = await kubectl(['get', 'pods', '-l', `app=${labels.app}`, '-o', 'name']);
  return list
    .trim()
    .split('\n')
    .map((name) => name.replace(/^pod\//, ''));
}
