import { z } from 'zod';
import { type BenchCluster, benchNamespace, targetPod } from './bench-cluster.ts';
import { findContainerProcess } from './process-memory.ts';

const agentSelector = 'app.kubernetes.io/name=crashcart';
const podsSchema = z.object({
  items: z.array(
    z.object({
      spec: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }),
      status: z.object({ containerStatuses: z.array(z.object({ containerID: z.string() })).min(1) }),
    }),
  ),
});

/** The command line of a session in the target, with an agent of the benchmark's own. */
export function composeSession(flags: string[], command: string[]): string[] {
  const where = [`pod/${targetPod}`, '-n', benchNamespace, '--agent-namespace', benchNamespace];
  return ['kubectl', 'crashcart', ...where, '-q', ...flags, '--', ...command];
}

/** Ends the agents and waits until their pods are gone. */
export async function removeAgents({ kubectl }: BenchCluster): Promise<void> {
  await kubectl(['delete', 'jobs', '-l', agentSelector, '--cascade=foreground', '--timeout=50s']);
}

/** @returns the image of the agent that runs, and the process ID of its server on this machine. */
export async function inspectAgent({ kubectl }: BenchCluster): Promise<{ image: string; pid: number }> {
  const { items } = podsSchema.parse(
    JSON.parse(await kubectl(['get', 'pods', '-l', agentSelector, '-o', 'json'])),
  );
  const [pod] = items;
  const image = pod?.spec.containers[0]?.image;
  const containerID = pod?.status.containerStatuses[0]?.containerID;
  if (image === undefined || containerID === undefined) throw new Error('no agent runs');
  return { image, pid: findContainerProcess(containerID, '/agent.') };
}
