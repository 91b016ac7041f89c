import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import { getErrorMessage } from '../../../../failure/error-message.ts';
import type { OutputKind } from '../../../../toolbox/recipes.ts';
import { UsageError } from '../../../errors.ts';

const suffixes: Partial<Record<OutputKind, string>> = { svg: 'svg', core: 'core', hprof: 'hprof' };

/** Creates the folder if it is missing. @throws UsageError. */
export async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new UsageError(`the folder ${path} can't be created: ${getErrorMessage(error)}`, { cause: error });
  }
}

/**
 * Names the file of a target: `POD.CONTAINER.txt`, with its namespace before that where there may be several. A container's
 * name and a namespace have no dot, so that no two targets have the same file; and none of them has a slash.
 */
export function nameFile(
  { path, kind }: { path: string; kind: OutputKind },
  { target }: Pick<SelectedTarget, 'target'>,
  allNamespaces: boolean,
): string {
  const suffix = suffixes[kind] ?? 'txt';
  if (target.kind === 'node') return join(path, `node.${target.node}.${suffix}`);
  const name = `${target.pod}.${target.container}.${suffix}`;
  return join(path, allNamespaces ? `${target.namespace}.${name}` : name);
}
