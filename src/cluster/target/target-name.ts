import { Failure } from '../../failure/failure.ts';
import { findBuiltInWorkload, isKind, type KnownTarget } from './kinds/workload-kinds.ts';

/** What a TARGET on the command line names. */
export type TargetName =
  | KnownTarget
  | { kind: 'node'; name: string }
  /** Of a kind that only the API server knows (discovered-workload.ts); `type` is in lower case. */
  | { kind: 'resource'; type: string; name: string };

/** More than Kubernetes allows: a name only must not leave its place in a path. */
const namePattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const typePattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9.])?$/;

/**
 * Parses POD, KIND/NAME or node/NAME, with the names of kinds that kubectl takes.
 * @throws Failure `targetInvalid`.
 */
export function parseTargetName(text: string): TargetName {
  const slash = text.indexOf('/');
  const type = slash < 0 ? 'pod' : text.slice(0, slash).toLowerCase();
  const name = text.slice(slash + 1);
  if (!namePattern.test(name) || !typePattern.test(type)) {
    throw new Failure(
      'targetInvalid',
      `"${text}" is not a valid target`,
      'A target is POD, KIND/NAME or node/NAME.',
    );
  }
  if (isKind(type, ['pod', 'pods', 'po'], 'v1')) return { kind: 'pod', name };
  if (isKind(type, ['node', 'nodes', 'no'], 'v1')) return { kind: 'node', name };
  const workload = findBuiltInWorkload(type);
  return workload === null ? { kind: 'resource', type, name } : { kind: 'workload', workload, name };
}
