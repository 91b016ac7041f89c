/** A session's spec has four. */
const maxLevels = 32;
/** More than a command can have: execve(2) takes 2 MiB, each argument and variable with its pointer of 8 bytes. */
const maxValues = 500_000;

/**
 * Whether parsing a JSON text takes little more memory than the text has. V8 takes about 40 bytes for each level, and for
 * each value: 16 MiB of opening brackets became 700 MiB (https://github.com/v8/v8/blob/main/src/json/json-parser.cc).
 * @param text need not be JSON.
 */
export function isWithinBounds(text: string): boolean {
  let levels = 0;
  let values = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (character === '"') isInString = !isInString;
    else if (!isInString) {
      if (character === ']' || character === '}') levels--;
      if (character === '[' || character === '{') levels++;
      if (character === '[' || character === '{' || character === ',') values++;
      if (levels > maxLevels || values > maxValues) return false;
    }
  }
  return true;
}
