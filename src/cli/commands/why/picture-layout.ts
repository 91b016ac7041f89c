/** Of the pictures of `why`, in their own units: a row for each container, with its name on the left. */
export const pictureWidth = 720;
export const nameWidth = 200;

const maxNameLength = 18;

/** @returns as much of a container's name as there is room for. */
export function shortenName(name: string): string {
  return name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength - 1)}…`;
}
