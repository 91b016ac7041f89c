/**
 * Says whether an error is the system's error of this code, e.g. ENOENT.
 * Not by instanceof: in the tests, errors of Node itself come from another realm.
 */
export function hasErrorCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
