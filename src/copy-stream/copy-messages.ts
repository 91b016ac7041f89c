import * as z from 'zod';

const countSchema = z.number().int().min(0);

/** What could not be copied, or was left out. Text of the target: it is escaped where it is shown. */
export const copyFailureSchema = z.object({
  path: z.string(),
  reason: z.string(),
  /** Whether this is only to be known: what is not a file is left out. */
  isNote: z.boolean(),
});
export type CopyFailure = z.infer<typeof copyFailureSchema>;

/** What will come. */
export const copyTotalsSchema = z.object({ files: countSchema, bytes: countSchema });
export type CopyTotals = z.infer<typeof copyTotalsSchema>;

/** What has come, at the end. */
export const copyCountsSchema = z.object({
  /** Regular files and links. */
  files: countSchema,
  folders: countSchema,
  /** Of the files; holes count. */
  bytes: countSchema,
  failures: countSchema,
  /** Files that were there already. */
  unchanged: countSchema,
});
export type CopyCounts = z.infer<typeof copyCountsSchema>;

/** A part of a file that is there already. */
const filePartSchema = z.object({ size: countSchema, sha256: z.string() });
export type FilePart = z.infer<typeof filePartSchema>;

/** What is there already of files that are to come, by path. */
export const copyRemainderSchema = z.record(
  z.string(),
  /** null: the whole file. */
  z.object({ part: filePartSchema.nullable() }),
);
export type CopyRemainder = z.infer<typeof copyRemainderSchema>;

/** A whole file that is there already; the time in nanoseconds, which JSON's numbers can't have. */
export interface WholeFile {
  size: number;
  mtimeNs: string;
}
