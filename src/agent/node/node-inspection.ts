import type { NodeReport, RuntimeReport } from '../../session-api/node-report.ts';
import { listRuntimeEndpoints } from '../cri/runtime-endpoint.ts';
import { findMissingLimits } from '../cgroup/missing-limits.ts';
import { getRuntimeVersion } from '../cri/runtime-service.ts';
import { useRuntimeSocket } from '../cri/runtime-socket.ts';
import { readKernelFeatures } from './kernel-features.ts';
import { nodeRoot } from '../files/node-root.ts';

const runtimeTimeoutMs = 2000;

/** Looks at what the node has and allows; nothing of it is kept. */
export async function reportNode(): Promise<NodeReport> {
  const [runtimes, kernel, missingLimits] = await Promise.all([
    findRuntimes(),
    readKernelFeatures(nodeRoot),
    findMissingLimits(),
  ]);
  return { runtimes, missingLimits, ...kernel };
}

/** A node may have more than one: Docker brings a containerd of its own, which speaks no CRI. */
async function findRuntimes(): Promise<RuntimeReport[]> {
  const asked: Promise<RuntimeReport | null>[] = [];
  for await (const endpoint of listRuntimeEndpoints()) asked.push(askRuntime(endpoint));
  return (await Promise.all(asked)).filter((report) => report !== null);
}

async function askRuntime(endpoint: string): Promise<RuntimeReport | null> {
  try {
    return await useRuntimeSocket(endpoint, async (path) => {
      const answer = await getRuntimeVersion(path, runtimeTimeoutMs);
      return {
        socket: endpoint,
        name: answer.runtime_name,
        version: answer.runtime_version,
        criVersion: answer.runtime_api_version,
      };
    });
  } catch {
    // Nothing listens there, or does not speak CRI v1: the agent can't ask this socket.
    return null;
  }
}
