import type { EventEmitter } from 'node:events';

/** Dragging a window's border sends a storm of changes. */
const debounceMs = 50;

export interface SizedOutput extends Pick<EventEmitter, 'on' | 'off'> {
  columns?: number;
  rows?: number;
}

/** Size of the terminal that an output is; what is no terminal counts as the traditional one. */
export function getWindowSize({ columns, rows }: SizedOutput): { columns: number; rows: number } {
  // Some terminals say 0 before they know.
  return { columns: columns || 80, rows: rows || 24 };
}

/** Calls `onResize` with each new size. @returns ends that. */
export function watchWindowSize(
  output: SizedOutput,
  onResize: (size: { columns: number; rows: number }) => void,
): () => void {
  let timer: NodeJS.Timeout | null = null;
  const changed = () => {
    timer ??= setTimeout(() => {
      timer = null;
      onResize(getWindowSize(output));
    }, debounceMs);
  };
  output.on('resize', changed);
  return () => {
    if (timer) clearTimeout(timer);
    output.off('resize', changed);
  };
}
