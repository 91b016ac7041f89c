import { join } from 'node:path';
import { z } from 'zod';
import { getKubeconfigPath, readClusterRecord, type ClusterRecord } from './cluster-state.ts';
import { isRunning } from './processes.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/** What `npm run cluster:status` shows. */
export interface ClusterStatus {
  state: 'absent' | 'starting' | 'ready' | 'broken';
  /** One line each, for a person. */
  details: string[];
}

const nodeListSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

/** Says whether the machine's cluster is usable: processes running, API server answering, nodes Ready. */
export async function getClusterStatus(): Promise<ClusterStatus> {
  const record = await readClusterRecord();
  if (record === null) return { state: 'absent', details: ['no cluster'] };
  const where = `state: ${record.stateDirectory}`;
  if (record.phase === 'starting' && isRunning(record.starter))
    return { state: 'starting', details: [where] };
  if (record.phase === 'starting') return { state: 'broken', details: [where, 'its start was interrupted'] };
  const ended = record.processes
    .filter((component) => !isRunning(component))
    .map(({ name }) => `${name} ended`);
  if (ended.length > 0) return { state: 'broken', details: [where, ...ended] };
  try {
    const ready = await listReadyNodes(record);
    const details = record.nodes.map(
      ({ name, address, pid }) =>
        `${name} ${address} PID ${pid} ${ready.includes(name) ? 'Ready' : 'NotReady'}`,
    );
    const state = record.nodes.every(({ name }) => ready.includes(name)) ? 'ready' : 'broken';
    return { state, details: [where, ...details] };
  } catch (error) {
    return { state: 'broken', details: [where, error instanceof Error ? error.message : String(error)] };
  }
}

/**
 * Returns the names of the nodes that are Ready.
 * @throws when the API server does not answer within a few seconds.
 */
export async function listReadyNodes(record: ClusterRecord): Promise<string[]> {
  const flags = ['--kubeconfig', getKubeconfigPath(record.stateDirectory), '--request-timeout', '3s'];
  const list = await runCommand(join(record.binaries, 'kubectl'), [...flags, 'get', 'nodes', '-o', 'json'], {
    timeoutMs: 5000,
  });
  return nodeListSchema
    .parse(JSON.parse(list))
    .items.filter(({ status }) =>
      status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    )
    .map(({ metadata }) => metadata.name);
}
