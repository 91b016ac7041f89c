/** Control characters but tab and newline, other ends of lines, and the marks that reorder text on a terminal. */
const harmful = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Makes text of unknown origin safe to print: what could make a terminal do something is shown as an escape.
 */
export function escapeText(text: string): string {
  return text.replaceAll(harmful, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/**
 * The same for a message that may hold such text: its further lines are indented, so that none of them looks like a
 * message of ours.
 */
export function escapeMessage(text: string): string {
  return escapeText(text.trimEnd()).replaceAll('\n', '\n  ');
}
