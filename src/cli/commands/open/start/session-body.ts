import type { Pod } from '../../../../cluster/api/objects/kubernetes-objects.ts';
import type { SessionRequest } from '../../../../cluster/session/client-session.ts';
import { findStorageLimits } from '../../../../cluster/target/storage/storage-limits.ts';
import { findKubeletUID } from '../../../../cluster/target/waits/next-start.ts';
import { nameContext } from '../../../../session-api/command-setup.ts';
import { maxTerminalVariableLength, type SessionTarget } from '../../../../session-api/session-spec.ts';
import { getWindowSize } from '../../../../terminal/window-size.ts';
import type { Context } from '../../../context.ts';
import type { FoundTarget } from '../find-target.ts';
import type { RequestedSession } from '../session-request.ts';

/** Who starts a session, and from where. */
export interface SessionOrigin {
  /** ID of this run of the client. */
  client: string;
  /** The kubeconfig's context; null: none. */
  kubeContext: string | null;
}

/** @returns what the agent is asked for. */
export function describeSessionBody(
  { target, claimedUser, pod }: Pick<FoundTarget, 'target' | 'claimedUser' | 'pod'>,
  options: RequestedSession,
  { client, kubeContext }: SessionOrigin,
  { stdout, env }: Pick<Context, 'stdout' | 'env'>,
): SessionRequest {
  const { variables } = options.setup;
  return {
    target,
    command: options.command,
    terminal: options.terminal
      ? {
          ...getWindowSize(stdout),
          term: env['TERM']?.slice(0, maxTerminalVariableLength) || 'xterm',
          colorTerm: env['COLORTERM']?.slice(0, maxTerminalVariableLength) ?? null,
        }
      : null,
    setup: {
      ...options.setup,
      variables: { ...describeStorage(pod, target), ...variables },
      context: nameContext(kubeContext),
      quiet: options.quiet,
    },
    stdin: options.stdin,
    client,
    graceSeconds: options.graceSeconds,
    keepSeconds: options.detach ? options.keepSeconds : null,
    outputBufferBytes: options.outputBufferBytes,
    catch: options.catch && { ...options.catch, podUID: pod === null ? '' : findKubeletUID(pod) },
    audit: { claimedUser, reason: options.reason },
  };
}

/** Far below what a variable may have: a pod that names so much is debugged without it. */
const maxStorageLength = 8192;

/** What a session can't see: storage_limits.py of the toolbox reads it. */
function describeStorage(pod: Pod | null, target: SessionTarget): Record<string, string> {
  const limits = pod && target.kind === 'container' ? findStorageLimits(pod, target.container) : null;
  const text = limits && JSON.stringify(limits);
  return text && text.length <= maxStorageLength ? { CRASHCART_STORAGE: text } : {};
}
