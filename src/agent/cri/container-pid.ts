import * as z from 'zod';
import { parseJSON } from '../../session-api/connection/json-text.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { ContainerState, ContainerStatusResponse } from './runtime-service.ts';

// containerd, CRI-O and cri-dockerd all put a JSON text under the key "info", with pid at its top level;
// runtimeType is containerd's alone.
const verboseInfoSchema = z.object({ pid: z.number().int(), runtimeType: z.string().optional() });

/** Runtimes whose PID is the sandbox's or the hypervisor's: entering it would lead to the wrong place. */
const sandboxedRuntimeType = /kata|runsc|gvisor|firecracker|hyperv|wasm/i;

/**
 * Reads the PID of a container's first process out of a verbose ContainerStatus.
 * @returns the PID in the runtime's PID namespace; null when the status does not tell it.
 * @throws ProblemError `targetNotRunning` or `sandboxedRuntime`.
 */
export function parseContainerPID(response: {
  status: { id: string; state: ContainerState } | null;
  info: ContainerStatusResponse['info'];
}): number | null {
  if (response.status !== null && response.status.state !== 'CONTAINER_RUNNING') {
    throw new ProblemError(
      'targetNotRunning',
      `the container is not running (${response.status.state.replace('CONTAINER_', '').toLowerCase()})`,
      'Wait until it runs, or name another container with -c.',
    );
  }
  const text = response.info['info'];
  if (text === undefined) return null;
  const parsed = verboseInfoSchema.safeParse(parseJSON(text));
  if (!parsed.success) return null;
  const { pid, runtimeType } = parsed.data;
  if (runtimeType !== undefined && sandboxedRuntimeType.test(runtimeType)) {
    throw new ProblemError(
      'sandboxedRuntime',
      `the container runs in a sandbox (${runtimeType})`,
      "The container's processes do not run on the node's kernel: there are no namespaces to enter.",
    );
  }
  return pid > 0 ? pid : null;
}
