/** What of a terminal's input is needed here. */
export interface RawInput {
  isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

/**
 * Passes every key on as it is: interrupts and line editing are the remote terminal's.
 * @returns gives the terminal back as it was; also called when the process exits in whatever way it can
 *   notice (Node itself does so for signals that nobody handles).
 */
export function enterRawMode(input: RawInput): () => void {
  if (input.isTTY !== true || !input.setRawMode) return () => undefined;
  const restore = () => {
    process.off('exit', restore);
    input.setRawMode?.(false);
  };
  process.once('exit', restore);
  input.setRawMode(true);
  return restore;
}
