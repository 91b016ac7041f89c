/** @returns what an error says, whatever was thrown; never empty for an Error. */
export function getErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message || String(error) : String(error);
}
