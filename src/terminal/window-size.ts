import type { EventEmitter } from 'node:events';

/** Dragging a window's border sends a storm of changes. */
const debounceMs = 50;

export interface SizedOutput extends Pick<EventEmitter, 'on' | 'off'> {
  columns?: number;
  rows?: number;
}

/** @returns the size of the terminal behind an output; 80x24 where there is none. */
export function getWindowSize({ columns, rows }: SizedOutput): { columns: number; rows: number } {
  // Some terminals say 0 before they know their size.
  return { columns: columns || 80, rows: rows || 24 };
}

/** Calls `onResize` with each new size. @returns a function that stops watching. */
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
