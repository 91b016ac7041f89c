import type { SessionTarget } from '../../session-api/session-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { events } from '../api/resources.ts';

const component = 'kubectl-crashcart';
const maxMessageCharacters = 1024;

/** Describes an Event on the target, for `kubectl describe` and for collectors of Events. */
export function describeTargetEvent(target: SessionTarget, message: string) {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  // Kubernetes keeps the Events of objects without a namespace in "default".
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
 * Creates an Event on the target.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function createTargetEvent(
  api: ApiClient,
  target: SessionTarget,
  message: string,
  signal: AbortSignal,
): Promise<void> {
  const body = describeTargetEvent(target, message);
  await api.request({ ...events.create(body.metadata.namespace), body, signal });
}
