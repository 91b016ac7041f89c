/**
 * @returns a time as Node sets those of files: a number of seconds, which is right to less than a microsecond. It is the
 *   middle of the microsecond, as Node cuts what is behind it.
 */
export function toSeconds(ns: bigint): number {
  return (Number(ns / 1000n) + 0.5) / 1e6;
}
