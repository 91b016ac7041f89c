import { spawnSync } from 'node:child_process';

const sttyLimitMs = 1000;

/** What of a terminal's input is needed here. */
export interface RawInput {
  fd?: number;
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
  passOutputAsItIs(input.fd ?? 0);
  return restore;
}

/**
 * Node's raw mode still puts a carriage return before each newline (ONLCR, in libuv's uv_tty_set_mode): the
 * remote terminal has done that already, or its program wants none. Leaving raw mode takes this back as well.
 */
function passOutputAsItIs(descriptor: number): void {
  // Where there is no stty (Windows), there is no such translation.
  spawnSync('stty', ['-opost'], { stdio: [descriptor, 'ignore', 'ignore'], timeout: sttyLimitMs });
}
