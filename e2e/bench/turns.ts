/** One way to do the job: does it once and returns the measured value. */
export type Measurement = () => Promise<number>;

/**
 * Measures all ways in turns, so that whatever else the machine does hits all of them alike;
 * who is first changes with each round. A round before the first, which is not counted, warms all up.
 * @returns for each way, its values in the order of the rounds.
 */
export async function measureInTurns<Name extends string>(
  runs: number,
  ways: Record<Name, Measurement>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(ways) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round <= runs; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await ways[name]();
      if (round > 0) values[name].push(value);
    }
  }
  return values;
}
