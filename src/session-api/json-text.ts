/** @returns what a JSON text says, to be judged by a schema that does not take null; null when it is none. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
