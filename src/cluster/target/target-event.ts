import * as z from 'zod';
import type { SessionTarget } from '../../session-api/session-spec.ts';
import type { ApiClient } from '../api/api-client.ts';

const component = 'kubectl-crashcart';
const maxMessageCharacters = 1024;

/** Describes an Event on the target, for `kubectl describe` and whoever collects them. */
export function describeTargetEvent(target: SessionTarget, message: string) {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  // Events of objects without a namespace are kept in "default".
  const namespace = target.kind === 'node' ? 'default' : target.namespace;
  const involvedObject =
    target.kind === 'node'
      ? { kind: 'Node', name: target.node, uid: target.node }
      : {
          kind: 'Pod',
          apiVersion: 'v1',
          namespace,
          name: target.pod,
          uid: target.podUID,
          fieldPath: `spec.containers{${target.container}}`,
        };
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: 'crashcart-', namespace },
    involvedObject,
    type: 'Normal',
    reason: 'DebugSession',
    message: message.slice(0, maxMessageCharacters),
    source: { component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
}

/**
 * Leaves an Event on the target.
 * @throws ApiError, Failure.
 */
export async function createTargetEvent(
  api: ApiClient,
  target: SessionTarget,
  message: string,
  signal: AbortSignal,
): Promise<void> {
  const body = describeTargetEvent(target, message);
  const { namespace } = body.metadata;
  await api.request({
    method: 'POST',
    path: `api/v1/namespaces/${namespace}/events`,
    body,
    schema: z.unknown(),
    access: { verb: 'create', resource: 'events', namespace },
    signal,
  });
}
