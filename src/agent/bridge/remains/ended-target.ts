import { constants } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { status as grpcStatus } from '@grpc/grpc-js';
import * as z from 'zod';
import { parseJSON } from '../../../session-api/connection/json-text.ts';
import { ProblemError } from '../../../session-api/problem.ts';
import type { SessionTarget } from '../../../session-api/session-spec.ts';
import { listRuntimeEndpoints } from '../../cri/runtime-endpoint.ts';
import type { ContainerStatusResponse } from '../../cri/runtime-service.ts';
import { useRuntimeSocket } from '../../cri/runtime-socket.ts';
import { getSnapshotMounts, type SnapshotMount } from '../../cri/snapshot-service.ts';
import { nodeRoot } from '../../files/node-root.ts';
import { walkInRoot } from '../../files/rooted-path.ts';
import { askRuntime, dropScheme } from '../container-process.ts';
import type { PinnedTarget } from '../pinned-target.ts';
import { describeFiles, formatRemains, type Remains } from './remains-list.ts';
import { VolumeMounts } from './volume-mounts.ts';

const snapshotTimeoutMs = 5000;

/** containerd's alone: CRI-O keeps a container's files in another way. */
const snapshotSchema = z.object({ snapshotter: z.string().min(1), snapshotKey: z.string().min(1) });

type ContainerTarget = Extract<SessionTarget, { kind: 'container' }>;

/**
 * Finds what is left of a container that has ended, and holds its topmost layer: another container's can't come to its
 * place. It has no namespaces: a session gets its own.
 * @throws ProblemError `noRemains`, with what else tells of the container; `conflict` when it runs.
 */
export async function pinRemains(target: ContainerTarget): Promise<PinnedTarget> {
  const containerID = dropScheme(target.containerID);
  for await (const endpoint of listRuntimeEndpoints()) {
    const response = await askRuntime(endpoint, containerID);
    if (response === null) continue;
    const mounts = await findMounts(endpoint, response, target);
    const remains = describeRemains(response, mounts);
    // Before they are mounted for the session: what the kubelet unmounts from here on is noticed.
    const volumes = new VolumeMounts(remains.volumes.map(({ hostPath }) => hostPath));
    await volumes.begin();
    const anchor = await openAnchor(remains, target);
    return new HeldRemains(remains, volumes, anchor, target);
  }
  throw describeMissing(target, 'the runtime has removed the container');
}

async function findMounts(
  endpoint: string,
  { status, info }: ContainerStatusResponse,
  target: ContainerTarget,
): Promise<SnapshotMount[]> {
  if (status !== null && status.state !== 'CONTAINER_EXITED') {
    const state = status.state.replace('CONTAINER_', '').toLowerCase();
    throw new ProblemError('conflict', `container "${target.container}" has not ended: it is ${state}`);
  }
  const { data } = snapshotSchema.safeParse(parseJSON(info['info'] ?? ''));
  if (data === undefined)
    throw describeMissing(
      target,
      'its runtime names no snapshot of it: only the files that containerd keeps can be mounted',
    );
  const snapshot = { snapshotter: data.snapshotter, key: data.snapshotKey };
  try {
    const mounts = await useRuntimeSocket(endpoint, (path) =>
      getSnapshotMounts(path, snapshot, snapshotTimeoutMs),
    );
    if (mounts !== null) return mounts;
  } catch (error) {
    const { code, message } = error as { code?: number; message?: string };
    if (code !== grpcStatus.NOT_FOUND)
      throw describeMissing(
        target,
        `containerd does not tell where its files are (${JSON.stringify(message)})`,
      );
  }
  throw describeMissing(target, 'containerd has removed its snapshot');
}

function describeRemains({ status }: ContainerStatusResponse, mounts: SnapshotMount[]): Remains {
  // The kubelet's own file for the termination message, which the API has: its place is in /dev, which is gone.
  const isMessage = (hostPath: string) => /\/pods\/[^/]+\/containers\//.test(hostPath);
  const volumes = (status?.mounts ?? [])
    .map(({ host_path, container_path }) => ({ hostPath: host_path, containerPath: container_path }))
    .filter(({ hostPath }) => !isMessage(hostPath));
  return { files: describeFiles(mounts), volumes, logPath: status?.log_path ?? '' };
}

async function openAnchor({ files }: Remains, target: ContainerTarget): Promise<FileHandle> {
  const found = await walkInRoot(nodeRoot, files.anchor).catch(() => null);
  if (found === null) throw describeMissing(target, 'its files are no longer on the node');
  try {
    return await open(found.path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch {
    throw describeMissing(target, 'its files are no longer on the node');
  } finally {
    await found.directory.close();
  }
}

/** What is left of a container, as long as it is. */
export class HeldRemains implements PinnedTarget {
  readonly process = null;
  readonly innermostPID = null;
  readonly namespaces = [];
  readonly remains: Buffer;
  endMessage = '';
  readonly #volumes: VolumeMounts;
  readonly #anchor: FileHandle;
  readonly #target: ContainerTarget;

  /** @param anchor the folder of the topmost layer; closed by `close`. */
  constructor(remains: Remains, volumes: VolumeMounts, anchor: FileHandle, target: ContainerTarget) {
    this.remains = formatRemains(remains);
    this.#volumes = volumes;
    this.#anchor = anchor;
    this.#target = target;
  }

  async isAlive(): Promise<boolean> {
    const { container, pod } = this.#target;
    // As proc_pid_fd(5) names a folder that was removed.
    if ((await readlink(`/proc/self/fd/${this.#anchor.fd}`)).endsWith(' (deleted)'))
      this.endMessage = `what was left of container "${container}" was removed from the node: the kubelet keeps the last run of a container only`;
    else if (!(await this.#volumes.areMounted()))
      this.endMessage = `the kubelet has unmounted a volume of pod "${pod}"; a new session shows what is left`;
    else return true;
    return false;
  }

  async check(): Promise<void> {
    if (!(await this.isAlive())) throw describeMissing(this.#target, 'they were removed just now');
  }

  close(): Promise<void> {
    return this.#anchor.close();
  }
}

/** @param why a clause. */
function describeMissing({ namespace, pod, container }: ContainerTarget, why: string): ProblemError {
  return new ProblemError(
    'noRemains',
    `the files of container "${container}" of pod "${pod}", which has ended, can't be shown: ${why}`,
    `Its log: \`kubectl logs ${pod} -c ${container} -n ${namespace}\`, with --previous for the run before. Of its end, \`kubectl crashcart why pod/${pod} -n ${namespace}\` tells more.`,
  );
}
