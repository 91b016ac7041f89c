import type { CommandSetup, RunAs } from '../../session-api/command-setup.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import type { PinnedTarget } from './pinned-target.ts';
import { type ProcessCredentials, readCredentials } from './process-credentials.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { describeEnded } from './target-files.ts';
import { isFileInRoot } from '../files/rooted-path.ts';

/** How a session's command is started, by session-init.c. */
export interface CommandStart {
  command: string[];
  /** Folder whose files are those of the root. */
  toolbox: string;
  workdir: string;
  /** Variables that only the command gets, each ended by a NUL byte. */
  environment: Buffer;
  /** null: root, with the agent's groups. */
  user: ProcessCredentials | null;
}

/**
 * Decides how a session's command is started. The target's user is read by its PID: the caller checks afterwards that
 * the PID is still the same process.
 * @param imported variables of the target, each NAME=VALUE.
 * @throws ProblemError `targetChanged`, `invalidRequest`, `bridgeFailed`.
 */
export async function prepareCommand(
  { command, setup }: Pick<SessionSpec, 'command' | 'setup'>,
  target: Pick<PinnedTarget, 'process'>,
  toolbox: string,
  imported: Buffer[],
): Promise<CommandStart> {
  const user = setup.runAs === null ? null : await findUser(setup.runAs, target.process);
  return {
    command: command ?? (await findShell(toolbox)),
    toolbox,
    workdir: setup.workdir ?? (user && user.uid !== 0 ? '/tmp' : '/root'),
    environment: joinVariables([...imported, ...listHome(user), ...listVariables(setup)]),
    user,
  };
}

/** Another toolbox may lack our shell. Paths are resolved inside the toolbox: most shells are links, some absolute. */
async function findShell(toolbox: string): Promise<string[]> {
  for (const shell of ['/bin/bash', '/bin/sh', '/bin/ash', '/busybox/sh']) {
    if (await isFileInRoot(toolbox, shell)) return [shell, '-l'];
  }
  throw new ProblemError(
    'bridgeFailed',
    'the toolbox has no shell',
    'Run a program of the toolbox with -- COMMAND.',
  );
}

async function findUser(runAs: RunAs, process: ProcessIdentity | null): Promise<ProcessCredentials> {
  if (runAs !== 'target') return { ...runAs, groups: [] };
  if (process === null) throw describeEnded('no user to run as');
  const found = await readCredentials(process.pid);
  if (found === null)
    throw new ProblemError('targetChanged', "the target's process ended before it could be entered");
  return found;
}

/** The home of root can't be entered by other users. */
function listHome(user: ProcessCredentials | null): Buffer[] {
  return user === null || user.uid === 0 ? [] : [Buffer.from('HOME=/tmp'), Buffer.from(`USER=${user.uid}`)];
}

function listVariables({ variables }: CommandSetup): Buffer[] {
  return Object.entries(variables).map(([name, value]) => Buffer.from(`${name}=${value}`));
}

function joinVariables(variables: Buffer[]): Buffer {
  return Buffer.concat(variables.flatMap((variable) => [variable, Buffer.of(0)]));
}
