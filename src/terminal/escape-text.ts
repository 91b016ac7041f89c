/** Control characters but tab and newline, and the marks that reorder text on a terminal. */

const harmful = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text of unknown origin safe to print: what could make a terminal do something is shown as an escape.
 */
export function escapeText(text: string): string {
  return text.replaceAll(harmful, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}
