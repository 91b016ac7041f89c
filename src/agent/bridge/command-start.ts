import { stat } from 'node:fs/promises';
import type { CommandSetup, RunAs } from '../../session-api/command-setup.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import type { PinnedTarget } from './pinned-target.ts';
import { type ProcessCredentials, readCredentials } from './process-credentials.ts';
import { readTargetEnvironment } from './process-environment.ts';
import { walkInRoot } from '../files/rooted-path.ts';

/** How a session's command is started, by session-init.c. */
export interface CommandStart {
  command: string[];
  /** Folder whose files are those of the root. */
  toolbox: string;
  workdir: string;
  /** Variables that only the command gets, each ended by a NUL byte. */
  environment: Buffer;
  /** null: root. */
  user: ProcessCredentials | null;
}

/**
 * Decides how a session's command is started. The target is read by its PID: the caller checks afterwards that the PID
 * is still the same process.
 * @throws ProblemError `targetChanged`, `bridgeFailed`.
 */
export async function prepareCommand(
  { command, setup }: Pick<SessionSpec, 'command' | 'setup'>,
  target: Pick<PinnedTarget, 'process'>,
  toolbox: string,
): Promise<CommandStart> {
  const { pid } = target.process;
  const user = setup.runAs === null ? null : await findUser(setup.runAs, pid);
  const imported = setup.importEnvironment ? await readTargetEnvironment(pid) : [];
  return {
    command: [...(user ? becomeUser(user) : []), ...(command ?? (await findShell(toolbox)))],
    toolbox,
    workdir: setup.workdir ?? (user && user.uid !== 0 ? '/tmp' : '/root'),
    environment: joinVariables([...imported, ...listHome(user), ...listVariables(setup)]),
    user: user?.uid === 0 ? null : user,
  };
}

/** Another toolbox may lack our shell. Paths are resolved inside the toolbox: most shells are links, some absolute. */
async function findShell(toolbox: string): Promise<string[]> {
  for (const shell of ['/bin/bash', '/bin/sh', '/bin/ash', '/busybox/sh']) {
    const found = await walkInRoot(toolbox, shell).catch(() => null);
    const isFile = await stat(found?.path ?? '').then(
      (stats) => stats.isFile(),
      () => false,
    );
    await found?.directory.close();
    if (isFile) return [shell, '-l'];
  }
  throw new ProblemError(
    'bridgeFailed',
    'the toolbox has no shell',
    'Run a program of the toolbox with -- COMMAND.',
  );
}

async function findUser(runAs: RunAs, pid: number): Promise<ProcessCredentials> {
  if (runAs !== 'target') return { ...runAs, groups: [] };
  const found = await readCredentials(pid);
  if (found === null)
    throw new ProblemError('targetChanged', "the target's process ended before it could be entered");
  return found;
}

/**
 * The path is absolute, since PATH may be the user's by then. Root keeps its capabilities. With fewer than the target
 * has, it would no longer see the target's files (ptrace(2), access mode checking). With as few as the target has, the
 * target could trace it, and so reach /proc/sys, which a session has as the node has it.
 *
 * A user that is not root may also be the user of the target's processes. Keeping CAP_WAKE_ALARM, which is useless here,
 * means that these can't trace the session or read its memory: ptrace(2) requires every capability of the tracee.
 * --no-new-privs means that no program becomes root again.
 */
function becomeUser({ uid, gid, groups }: ProcessCredentials): string[] {
  const ids = [
    '--regid',
    String(gid),
    ...(groups.length > 0 ? ['--groups', groups.join(',')] : ['--clear-groups']),
  ];
  if (uid === 0) return ['/usr/bin/setpriv', ...ids, '--'];
  const kept = '-all,+wake_alarm';
  const rights = [`--inh-caps=${kept}`, `--ambient-caps=${kept}`, `--bounding-set=${kept}`, '--no-new-privs'];
  return ['/usr/bin/setpriv', '--reuid', String(uid), ...ids, ...rights, '--'];
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
