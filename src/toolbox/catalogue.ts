import { recipes, type Recipe } from './recipes.ts';
import { toolGroups } from './tool-groups.ts';

/** A tool of the toolbox. */
export interface Tool {
  /** The name of its program. */
  name: string;
  purpose: string;
  /** Of the distribution; null for the toolbox's own commands. */
  package: string | null;
  /** Name of its group. */
  group: string;
}

/** @returns all tools, group by group. */
export function listTools(): Tool[] {
  return toolGroups.flatMap(({ name: group, tools }) =>
    tools.map(([name, purpose, origin]) => ({
      name,
      purpose,
      package: group === 'commands' ? null : (origin ?? name),
      group,
    })),
  );
}

/**
 * @param own the user's own recipes, which replace those of the toolbox with the same name.
 * @returns all recipes, each name once.
 */
export function listRecipes(own: Recipe[]): Recipe[] {
  return [...own, ...recipes.filter(({ name }) => !own.some((other) => other.name === name))];
}

/** @returns null when there is no such recipe. */
export function findRecipe(name: string, own: Recipe[]): Recipe | null {
  return listRecipes(own).find((recipe) => recipe.name === name) ?? null;
}

/**
 * Finds what `--tool` names: a recipe, or else a tool. What follows is a recipe's to take, and never makes the tool of its
 * name of it: the tool itself is run as a command.
 * @returns the command line in the toolbox; null when there is no such tool or recipe.
 */
export function findToolCommand(name: string, args: string[], own: Recipe[]): string[] | null {
  const recipe = findRecipe(name, own);
  if (recipe !== null) return [...recipe.command, ...args];
  return toolGroups.some(({ tools }) => tools.some(([tool]) => tool === name)) ? [name, ...args] : null;
}
