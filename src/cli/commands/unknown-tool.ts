import { Failure } from '../../failure/failure.ts';
import { findNearestName } from '../command-line/nearest-name.ts';

/**
 * Describes that a name is no tool and no recipe.
 * @param known what there is.
 * @returns Failure `toolNotFound`, with the name that was probably meant.
 */
export function describeUnknownTool(name: string, known: { name: string }[]): Failure {
  const near = findNearestName(
    name,
    known.map((entry) => entry.name),
  );
  return new Failure(
    'toolNotFound',
    `the toolbox has no tool "${name}"`,
    near === null ? 'Any other program is run with -- COMMAND.' : `Did you mean "${near}"?`,
  );
}
