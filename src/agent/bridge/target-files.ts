import type { CommandSetup } from '../../session-api/command-setup.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { type FileReading, type HostileFile, readHostileFiles } from '../files/hostile-files.ts';
import { maxEnvironmentBytes, selectVariables } from './process-environment.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** The kubelet writes both files, usually far smaller. */
const maxNameFileBytes = 64 * 1024;
/** By these, names resolve in a session as in the target and not as on the node. */
const nameFiles = ['resolv.conf', 'hosts'] as const;

/** What a session takes from its target's files. */
export interface TargetFiles {
  /** Contents by the names in /etc; empty where the target's file is missing or can't be read. */
  nameFiles: Record<(typeof nameFiles)[number], Buffer>;
  /** Variables of the target's process, each NAME=VALUE; none unless they are asked for. */
  environment: Buffer[];
  /** What is missing of it, for the user. */
  warnings: string[];
}

/**
 * Reads what a session takes from its target's files. They are read by the PID: the caller checks afterwards that the
 * PID is still the same process.
 * @param process null: a container that has ended. Its session has no network, and so no names to resolve.
 * @param read another one is for tests.
 * @throws ProblemError `invalidRequest` for variables of a container that has ended; `targetNotResponding`, `bridgeFailed` when an environment that is asked for can't be read; Error
 *   when nothing can be read; the signal's reason.
 */
export async function readTargetFiles(
  process: ProcessIdentity | null,
  { importEnvironment }: Pick<CommandSetup, 'importEnvironment'>,
  signal: AbortSignal,
  read: typeof readHostileFiles = readHostileFiles,
): Promise<TargetFiles> {
  if (process === null) {
    if (importEnvironment) throw describeEnded('no environment to import');
    return {
      nameFiles: { 'resolv.conf': Buffer.alloc(0), hosts: Buffer.alloc(0) },
      environment: [],
      warnings: [],
    };
  }
  const { pid, startTime } = process;
  const root = `/proc/${pid}/root`;
  const files: HostileFile[] = nameFiles.map((name) => ({
    root,
    path: `/etc/${name}`,
    maxBytes: maxNameFileBytes,
  }));
  // The file is the target's memory, and the target can make reading it wait for ever (userfaultfd(2)).
  const environ = { root: '/proc', path: `/${pid}/environ`, maxBytes: maxEnvironmentBytes };
  if (importEnvironment) files.push(environ);
  const owner = `${pid} started at ${startTime}`;
  const [resolvConf, hosts, environment] = await read(files, { owner, signal });
  return {
    nameFiles: { 'resolv.conf': takeContent(resolvConf), hosts: takeContent(hosts) },
    environment: environment === undefined ? [] : selectVariables(takeEnvironment(environment)),
    warnings: [resolvConf, hosts].flatMap((reading, index) => {
      const why = reading === undefined ? null : explain(reading);
      return why === null ? [] : [`the session has no /etc/${nameFiles[index]}: the target's ${why}`];
    }),
  };
}

/** @param lack what only a process has. */
export function describeEnded(lack: string): ProblemError {
  return new ProblemError(
    'invalidRequest',
    `the container has ended: there is no process of it, and so ${lack}`,
  );
}

function takeContent(reading: FileReading | undefined): Buffer {
  return reading?.status === 'read' ? reading.content : Buffer.alloc(0);
}

/** @returns null for a file that is read, or missing: then the target has none either. */
function explain(reading: FileReading): string | null {
  if (reading.status === 'unanswered') return `did not answer within ${reading.limitMs / 1000} s`;
  return reading.status === 'refused' ? `can't be used (${reading.reason})` : null;
}

function takeEnvironment(reading: FileReading): Buffer {
  if (reading.status === 'read') return reading.content;
  const why = explain(reading) ?? 'is gone: its process has ended';
  throw new ProblemError(
    reading.status === 'unanswered' ? 'targetNotResponding' : 'bridgeFailed',
    `the target's environment can't be imported: /proc/PID/environ ${why}`,
    'Give single variables with --env.',
  );
}
