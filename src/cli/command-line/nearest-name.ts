import { closestMatch } from 'leven';

/** @returns the name that was probably meant by a mistyped one, in any case; null when no name is near. */
export function findNearestName(name: string, names: readonly string[]): string | null {
  const lowered = new Map(names.map((known) => [known.toLowerCase(), known]));
  const maxDistance = Math.max(1, Math.floor(name.length / 3));
  const nearest = closestMatch(name.toLowerCase(), [...lowered.keys()], { maxDistance });
  return nearest === undefined ? null : (lowered.get(nearest) ?? null);
}

/** @returns the end of an error message about a mistyped name; empty when no other name is near. */
export function suggestName(name: string, names: readonly string[]): string {
  const nearest = findNearestName(name, names);
  // An exact name is wrong for another reason.
  return nearest === null || nearest === name ? '' : `; did you mean "${nearest}"?`;
}
