import { z } from 'zod';
import { runKubectl } from './command-run.ts';
import {
  listContainerProcesses,
  listNamespaceProcesses,
  readCommandLine,
  readProcessFile,
} from './node-processes.ts';

const podSchema = z.object({
  spec: z.looseObject({ nodeName: z.string() }),
  status: z.looseObject({
    podIP: z.string(),
    containerStatuses: z.array(z.looseObject({ name: z.string(), containerID: z.string().optional() })),
    initContainerStatuses: z
      .array(z.looseObject({ name: z.string(), containerID: z.string().optional() }))
      .default([]),
  }),
});
export type TargetPod = z.infer<typeof podSchema>;

/** What a session could have changed in a target, as the machine that the nodes run on sees it. */
export interface TargetSnapshot {
  spec: unknown;
  /** The programs in the target's PID namespace, sorted. */
  processes: string[];
  mounts: string;
}

export async function getTargetPod(namespace: string, pod: string): Promise<TargetPod> {
  const { code, stdout, stderr } = await runKubectl(['get', 'pod', pod, '-n', namespace, '-o', 'json']);
  if (code !== 0) throw new Error(stderr);
  return podSchema.parse(JSON.parse(stdout.toString()));
}

/** Looks at a target from outside: its pod's spec, its PID namespace and its mount namespace. */
export async function takeSnapshot(
  namespace: string,
  pod: string,
  container: string,
): Promise<TargetSnapshot> {
  const { spec, status } = await getTargetPod(namespace, pod);
  const statuses = [...status.initContainerStatuses, ...status.containerStatuses];
  const containerID = statuses.find(({ name }) => name === container)?.containerID;
  if (containerID === undefined) throw new Error(`${pod} has no running container ${container}`);
  const [pid] = listContainerProcesses(containerID);
  if (pid === undefined) throw new Error(`no process of container ${containerID} on the nodes`);
  const processes = listNamespaceProcesses(pid).map((other) => readCommandLine(other) || readName(other));
  return { spec, processes: processes.toSorted(), mounts: readProcessFile(pid, 'mountinfo') };
}

/** A zombie has no command line, only a name. */
function readName(pid: number): string {
  return `[${readProcessFile(pid, 'comm').trim()}]`;
}
