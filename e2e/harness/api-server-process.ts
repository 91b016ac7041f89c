import { readFileSync } from 'node:fs';
import { readClusterRecord } from '../cluster/cluster-state.ts';
import { waitUntil } from './command-run.ts';

/**
 * Kills the API server, and waits until its supervisor has started another one. The control plane always runs on this
 * machine.
 * @throws Error when no API server runs, or none is started again.
 */
export async function restartApiServer(): Promise<void> {
  const record = await readClusterRecord();
  const supervisor = record?.processes.find(({ name }) => name === 'kube-apiserver')?.pid;
  if (supervisor === undefined) throw new Error('the built-in cluster has no API server');
  const find = () => readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').trim();
  const killed = find();
  if (!/^\d+$/.test(killed))
    throw new Error(`the supervisor of the API server has these children: "${killed}"`);
  process.kill(Number(killed), 'SIGKILL');
  await waitUntil('it runs again', () => Promise.resolve(/^\d+$/.test(find()) && find() !== killed));
}
