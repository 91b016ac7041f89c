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
  /** What the command alone finds in its environment: each variable ended by a NUL byte. */
  environment: Buffer;
  /** null: root. */
  user: ProcessCredentials | null;
}

/**
 * Decides how a session's command is started. Reads the target by its PID: the caller makes sure afterwards that it is
 * still that process.
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

/** Another toolbox need not have ours. Looked up as in it: shells are links mostly, also absolute ones. */
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
    'A program of it is run with -- COMMAND.',
  );
}

async function findUser(runAs: RunAs, pid: number): Promise<ProcessCredentials> {
  if (runAs !== 'target') return { ...runAs, groups: [] };
  const found = await readCredentials(pid);
  if (found === null)
    throw new ProblemError('targetChanged', 'the target’s process ended before it could be entered');
  return found;
}

/**
 * Absolute: PATH may be the user's by then. Root keeps its capabilities: with less than the target has it would not see
 * the target's files any more (ptrace(2), access mode checking), and with as few as the target has, the target could
 * trace it, and so reach /proc/sys, which a session has as the node has it.
 *
 * Of a user that is not root, the target's processes may be the same one. For CAP_WAKE_ALARM, which nothing here is to
 * be had by, they may neither trace the session nor read its memory: that takes all capabilities of who is traced. And
 * no program makes it root again.
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

/** Root's home is closed to others. */
function listHome(user: ProcessCredentials | null): Buffer[] {
  return user === null || user.uid === 0 ? [] : [Buffer.from('HOME=/tmp'), Buffer.from(`USER=${user.uid}`)];
}

function listVariables({ variables }: CommandSetup): Buffer[] {
  return Object.entries(variables).map(([name, value]) => Buffer.from(`${name}=${value}`));
}

function joinVariables(variables: Buffer[]): Buffer {
  return Buffer.concat(variables.flatMap((variable) => [variable, Buffer.of(0)]));
}
