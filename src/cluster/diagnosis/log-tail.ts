import type { ApiClient } from '../api/api-client.ts';
import type { ContainerStatus, Pod } from '../api/objects/kubernetes-objects.ts';
import { pods } from '../api/resources.ts';
import { ask, type Known } from './known.ts';

const maxLines = 10;
const maxCharacters = 300;
/** A limit of what is read at all: lines may be of any length. */
const maxBytes = 1024 * 1024;
/** The kubelet sends the log, and may not answer. */
const limitMs = 10_000;

/** The last lines that a run of a container has written. */
export interface LogTail {
  container: string;
  /** Whether it is the run before the one that goes on now. */
  isPrevious: boolean;
  lines: Known<string[]>;
}

/**
 * Reads the end of a container's log: of its last run that has ended, else of the one that goes on.
 * @returns null for a container that has never run.
 * @throws what aborted the signal.
 */
export async function readLogTail(
  api: ApiClient,
  { metadata }: Pod,
  { name, state, lastState }: ContainerStatus,
  signal: AbortSignal,
): Promise<LogTail | null> {
  const isPrevious = state.running !== undefined && lastState.terminated !== undefined;
  const hasRun = [state.running, state.terminated?.containerID, lastState.terminated?.containerID].some(
    Boolean,
  );
  if (!hasRun) return null;
  const query = {
    container: name,
    tailLines: String(maxLines),
    limitBytes: String(maxBytes),
    ...(isPrevious ? { previous: 'true' } : {}),
  };
  const read = async () => {
    const lines: string[] = [];
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const request = { ...pods.log(metadata.namespace, metadata.name), query, signal: limited };
    for await (const line of api.readLines(request, { withRest: true })) lines.push(cut(line));
    return lines.slice(-maxLines);
  };
  return { container: name, isPrevious, lines: await ask(read, signal) };
}

function cut(line: string): string {
  return line.length <= maxCharacters ? line : `${line.slice(0, maxCharacters)}…`;
}
