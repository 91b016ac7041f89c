/** @returns the value of a JSON text, for a schema that refuses null; null when the text is not JSON. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
