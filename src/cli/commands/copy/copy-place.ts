import { parseTargetName, type TargetName } from '../../../cluster/target/target-name.ts';
import { UsageError } from '../../errors.ts';

/** A side of a copy: files of this machine, or of a target. */
export type CopyPlace =
  | { kind: 'local'; path: string }
  | {
      kind: 'target';
      /** null: the targets are given by a selector. */
      target: TargetName | null;
      /** null: the one of the command line. */
      namespace: string | null;
      path: string;
    };

/**
 * Reads a side of a copy as `kubectl cp` does: `[NAMESPACE/]POD:PATH`, or a path of this machine. Also `KIND/NAME:PATH`,
 * where KIND is one that this program knows or has a dot, and `:PATH`, which needs a selector.
 * @throws UsageError; Failure `targetInvalid`.
 */
export function parseCopyPlace(text: string, platform: NodeJS.Platform = process.platform): CopyPlace {
  const colon = text.indexOf(':');
  const isDrive = platform === 'win32' && /^[a-z]:([\\/]|$)/i.test(text);
  if (colon < 0 || isDrive || /^[./]/.test(text)) return { kind: 'local', path: text };
  const name = text.slice(0, colon);
  const path = text.slice(colon + 1);
  if (path === '') throw new UsageError(`"${text}" has no path after the colon`);
  if (name === '') return { kind: 'target', target: null, namespace: null, path };
  const parts = name.split('/');
  const [first = '', second = ''] = parts;
  const isOfKind = parts.length === 2 && (first.includes('.') || isKnownKind(first, second));
  if (parts.length === 1 || isOfKind)
    return { kind: 'target', target: parseTargetName(name), namespace: null, path };
  return { kind: 'target', target: parseTargetName(parts.slice(1).join('/')), namespace: first, path };
}

function isKnownKind(kind: string, name: string): boolean {
  return parseTargetName(`${kind}/${name}`).kind !== 'resource';
}
