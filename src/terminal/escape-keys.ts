import { Transform, type TransformCallback } from 'node:stream';

export type EscapeAction = 'detach' | 'end' | 'help';

const enterKeys = new Set([0x0d, 0x0a]);
/** The actions of the keys after Enter and `~`, as in ssh(1). null: the key itself is passed on. */
const tildeActions = new Map<string, EscapeAction | null>([
  ['d', 'detach'],
  ['.', 'end'],
  ['?', 'help'],
  ['~', null],
]);

export const escapeHelp = [
  'Keys of kubectl crashcart, after Enter:',
  ' ~d  detach: leave the session running',
  ' ~.  end the session',
  ' ~~  send a ~',
  ' ~?  this text',
];

/**
 * Passes keys on, except those for the client itself. A key that may begin such a sequence is held back until the next
 * key.
 */
export class EscapeKeys extends Transform {
  readonly #onAction: (action: EscapeAction) => void;
  /** They replace Enter ~; null: Enter ~ stays. */
  readonly #detachKeys: Buffer | null;
  #held: number[] = [];
  #isLineStart = true;

  /** @param detachKeys bytes that detach wherever they are typed. */
  constructor(onAction: (action: EscapeAction) => void, detachKeys: Buffer | null) {
    super();
    this.#onAction = onAction;
    this.#detachKeys = detachKeys;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const passed: number[] = [];
    for (const key of chunk) {
      if (this.#detachKeys) this.#matchDetachKeys(key, this.#detachKeys, passed);
      else this.#matchTilde(key, passed);
    }
    callback(null, passed.length === 0 ? undefined : Buffer.from(passed));
  }

  override _flush(callback: TransformCallback): void {
    callback(null, Buffer.from(this.#held));
  }

  #matchTilde(key: number, passed: number[]): void {
    const character = String.fromCharCode(key);
    if (this.#held.length > 0) {
      this.#held = [];
      const action = tildeActions.get(character);
      if (action) this.#onAction(action);
      else if (action === null) passed.push(key);
      else passed.push(0x7e, key);
      this.#isLineStart = action != null || enterKeys.has(key);
    } else if (this.#isLineStart && character === '~') this.#held = [key];
    else {
      passed.push(key);
      this.#isLineStart = enterKeys.has(key);
    }
  }

  #matchDetachKeys(key: number, wanted: Buffer, passed: number[]): void {
    this.#held.push(key);
    // The longest end of the input that may still become the keys.
    while (this.#held.length > 0 && !wanted.subarray(0, this.#held.length).equals(Buffer.from(this.#held)))
      passed.push(this.#held.shift() as number);
    if (this.#held.length < wanted.length) return;
    this.#held = [];
    this.#onAction('detach');
  }
}

/**
 * Reads keys as docker's and kubectl's `--detach-keys` names them: `ctrl-p,ctrl-q`, or single characters.
 * @returns null when the text names other keys.
 */
export function parseDetachKeys(text: string): Buffer | null {
  const keys = text.split(',').map((name) => {
    const [, control] = /^ctrl-([a-z@[\\\]^_])$/i.exec(name) ?? [];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    return /^[\x20-\x7e]$/.test(name) ? name.charCodeAt(0) : null;
  });
  return keys.includes(null) ? null : Buffer.from(keys as number[]);
}
