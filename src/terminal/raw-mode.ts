import { spawnSync } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';

/** stty takes a millisecond; a machine that is busy takes far longer to start it. */
const sttyLimitMs = 5000;

/** The part of a terminal's input that is needed here. */
export interface RawInput {
  fd?: number;
  isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

/** What is read from such an input, and whether it is read at present. */
interface ReadInput extends RawInput {
  readableFlowing: boolean | null;
  pause(): unknown;
  resume(): unknown;
}

/** Inputs that are in raw mode. */
const raw = new WeakSet<RawInput>();

/**
 * Passes every key on as it is: interrupts and line editing are the remote terminal's.
 * @returns a function that restores the terminal. It also runs when the process exits in any way that the process can
 *   notice (Node itself restores the terminal at a signal without a handler).
 */
export function enterRawMode(input: RawInput): () => void {
  if (input.isTTY !== true || !input.setRawMode) return () => undefined;
  const restore = () => {
    process.off('exit', restore);
    raw.delete(input);
    input.setRawMode?.(false);
  };
  process.once('exit', restore);
  raw.add(input);
  makeRaw(input);
  return restore;
}

/**
 * Gives the terminal to another program, which may ask the user: not in raw mode, and no key is read here meanwhile.
 * @param use runs the program.
 * @returns what `use` returns. @throws what `use` throws.
 */
export async function lendInput<Result>(input: ReadInput, use: () => Promise<Result>): Promise<Result> {
  const isRead = input.readableFlowing === true;
  if (isRead) input.pause();
  if (raw.has(input)) input.setRawMode?.(false);
  // Node stops to read one turn after the pause.
  await setImmediate();
  try {
    return await use();
  } finally {
    if (raw.has(input)) makeRaw(input);
    if (isRead) input.resume();
  }
}

function makeRaw(input: RawInput): void {
  input.setRawMode?.(true);
  passOutputAsItIs(input.fd ?? 0);
}

/**
 * Node's raw mode still puts a carriage return before each newline (ONLCR, in libuv's uv_tty_set_mode): the
 * remote terminal has done so already, or its program does not want that. Leaving raw mode undoes this, too.
 */
function passOutputAsItIs(descriptor: number): void {
  // Where there is no stty (Windows), there is no such translation.
  spawnSync('stty', ['-opost'], { stdio: [descriptor, 'ignore', 'ignore'], timeout: sttyLimitMs });
}
