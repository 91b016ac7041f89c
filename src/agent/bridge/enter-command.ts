import type { SessionSpec, SessionTarget } from '../../session-api/session-spec.ts';
import { agentPaths } from '../../session-api/agent-paths.ts';
import type { CommandStart } from './command-start.ts';
import type { ProcessCredentials } from './process-credentials.ts';

/** PATH of the toolbox, as of Debian's and Ubuntu's login shells for root. */
const toolboxPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** As enter-target.sh and session-init.c know it. `ended`: there are no namespaces to enter. */
export type EnteredKind = SessionTarget['kind'] | 'ended';

/**
 * Builds the argv that enters a target. The child must have the descriptors of entering-contract.ts. enter-target.sh
 * and session-init.c say what is done there, and why.
 * @param directory the session's own (createSessionDirectory).
 * @param scratchBytes what the session may write in its root.
 */
export function buildEnterCommand(
  directory: string,
  scratchBytes: number,
  kind: EnteredKind,
  { toolbox, user, workdir, command }: Pick<CommandStart, 'toolbox' | 'user' | 'workdir' | 'command'>,
): { file: string; args: string[] } {
  return {
    file: 'setsid',
    args: [
      // A mount namespace of the session's own, from which nothing propagates: neither the target nor the
      // agent sees what is mounted in it, and it is gone with the last process.
      ...['unshare', '--mount', '--propagation', 'private', '--'],
      ...['/bin/sh', agentPaths.enterScript, directory, String(scratchBytes)],
      ...[toolbox, kind, describeUser(user), workdir],
      ...command,
    ],
  };
}

/** As session-init.c reads it. */
function describeUser(user: ProcessCredentials | null): string {
  return user === null ? 'root' : `${user.uid}:${user.gid}:${user.groups.join(',')}`;
}

/**
 * Builds the environment of every program that enters a target. It has nothing of the agent's, and of what others decide
 * only names. Variables for the command alone are in its CommandStart.
 * @param term TERM as the toolbox knows it (chooseTerminalType).
 * @param targetPID null: a container that has ended.
 */
export function buildEnvironment(
  spec: SessionSpec,
  term: string,
  targetPID: number | null,
  node: string,
): Record<string, string> {
  const { target, terminal, setup } = spec;
  return {
    PATH: toolboxPath,
    HOME: '/root',
    USER: 'root',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TERM: term,
    ...(terminal?.colorTerm && { COLORTERM: terminal.colorTerm }),
    ...(targetPID === null ? { CRASHCART_TARGET_ENDED: '1' } : { CRASHCART_TARGET_PID: String(targetPID) }),
    CRASHCART_TARGET_ROOT: '/target',
    ...(target.kind === 'container' && {
      CRASHCART_NAMESPACE: target.namespace,
      CRASHCART_POD: target.pod,
      CRASHCART_CONTAINER: target.container,
    }),
    CRASHCART_NODE: node,
    ...(setup.context !== null && { CRASHCART_CONTEXT: setup.context }),
    ...(setup.quiet && { CRASHCART_QUIET: '1' }),
  };
}
