import type { Command } from '../command.ts';
import {
  completeSessionOptions,
  sessionFlags,
  type RequestedSession,
  sessionOptionsSchema,
} from './session-options.ts';
import { runSession } from './session-run.ts';

/** Opens a session in a target: a shell, or one command. */
export const sessionCommand: Command<RequestedSession> = {
  usage:
    'kubectl crashcart [TARGET] [-c CONTAINER] [-n NAMESPACE] [--tool NAME] [flags] [-- COMMAND [ARGS...]]',
  summary: [
    'Debug a running container from a complete distribution, inside its namespaces.',
    '',
    'TARGET: POD, or deployment|statefulset|daemonset|replicaset|job|service/NAME, or node/NAME.',
    'Without TARGET on a terminal: choose from the containers that run (Esc leaves).',
    'Without a command: a login shell. The toolbox is the root; the files of the target are at /target.',
    "Exit code: the command's own; 125 when crashcart fails, 2 for a wrong command line.",
  ].join('\n'),
  flags: sessionFlags,
  argument: 'target',
  complete: completeSessionOptions,
  schema: sessionOptionsSchema,
  run: runSession,
};
