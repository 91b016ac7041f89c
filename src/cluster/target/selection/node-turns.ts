import { groupByNode, type SelectedTarget } from './target-selection.ts';

/** @returns targets in turns of their nodes: where not all begin at once, no node waits until another one is done. */
export function takeTurns(targets: SelectedTarget[]): SelectedTarget[] {
  const groups = [...groupByNode(targets).values()];
  const longest = Math.max(0, ...groups.map((group) => group.length));
  return Array.from({ length: longest }, (_, turn) =>
    groups.flatMap((group) => group.slice(turn, turn + 1)),
  ).flat();
}
