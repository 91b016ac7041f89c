import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import * as z from 'zod';

/** The records that docs/cookbook.md is made of; `npm run docs:cookbook` renews them. */
export const recordsFile = join(import.meta.dirname, '../../cookbook.yaml');

/** What a run of a test has shown. */
export const exampleRecordSchema = z.strictObject({
  /** As it is typed. */
  command: z.string(),
  /** What the output is, where it is not what the terminal shows. */
  from: z.string().optional(),
  /** An excerpt, whose gaps are marked. */
  output: z.string(),
  code: z.int(),
});
export type ExampleRecord = z.infer<typeof exampleRecordSchema>;

/** By the problem's name. */
export type ExampleRecords = Record<string, ExampleRecord>;

/** @throws when the file is not what it has to be. */
export function readExampleRecords(): ExampleRecords {
  return z.record(z.string(), exampleRecordSchema).parse(load(readFileSync(recordsFile, 'utf8')));
}

/** @returns the text of the file, in the order of the names. */
export function formatExampleRecords(records: ExampleRecords): string {
  const introduction = '# Runs of the tests, for docs/cookbook.md. Written by `npm run docs:cookbook`.\n';
  return introduction + dump(records, { sortKeys: true, lineWidth: -1 });
}
