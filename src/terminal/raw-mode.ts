import { spawnSync } from 'node:child_process';

const sttyLimitMs = 1000;

/** The part of a terminal's input that is needed here. */
export interface RawInput {
  fd?: number;
  isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

/**
 * Passes every key on as it is: interrupts and line editing are the remote terminal's.
 * @returns a function that restores the terminal. It also runs when the process exits in any way that the process can
 *   notice (Node itself restores the terminal at a signal without a handler).
 */
export function enterRawMode(input: RawInput): () => void {
  if (input.isTTY !== true || !input.setRawMode) return () => undefined;
  const restore = () => {
    process.off('exit', restore);
    input.setRawMode?.(false);
  };
  process.once('exit', restore);
  input.setRawMode(true);
  passOutputAsItIs(input.fd ?? 0);
  return restore;
}

/**
 * Node's raw mode still puts a carriage return before each newline (ONLCR, in libuv's uv_tty_set_mode): the
 * remote terminal has done so already, or its program does not want that. Leaving raw mode undoes this, too.
 */
function passOutputAsItIs(descriptor: number): void {
  // Where there is no stty (Windows), there is no such translation.
  spawnSync('stty', ['-opost'], { stdio: [descriptor, 'ignore', 'ignore'], timeout: sttyLimitMs });
}
