import { z } from 'zod';

const sizeLimit = 1000;

const headerSchema = z.looseObject({
  version: z.literal(2),
  width: z.int().positive().max(sizeLimit),
  height: z.int().positive().max(sizeLimit),
  title: z.string().optional(),
});

/** Seconds since the recording began, kind (`o` output, `i` input, `r` size, …), data. */
const eventSchema = z.tuple([z.number().nonnegative(), z.string(), z.string()]);

/** What a recording says of itself. */
export type AsciicastHeader = z.infer<typeof headerSchema>;

/** Something that was shown, typed or resized. */
export type AsciicastEvent = z.infer<typeof eventSchema>;

/**
 * A recording of a terminal, as `--record` and asciinema write it.
 * https://docs.asciinema.org/manual/asciicast/v2/
 */
export interface Asciicast {
  header: AsciicastHeader;
  events: AsciicastEvent[];
}

/**
 * Reads the text of a recording.
 * @throws Error with the number of the line that is not asciicast v2.
 */
export function parseAsciicast(text: string): Asciicast {
  const [header = '', ...events] = text.trimEnd().split('\n');
  return {
    header: parseLine(headerSchema, header, 1),
    events: events.map((line, index) => parseLine(eventSchema, line, index + 2)),
  };
}

/** @returns the text of a recording. */
export function formatAsciicast({ header, events }: Asciicast): string {
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function parseLine<T>(schema: z.ZodType<T>, line: string, number: number): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch (error) {
    throw new Error(`line ${number} of the recording is not asciicast v2`, { cause: error });
  }
}
