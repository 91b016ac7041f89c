import * as z from 'zod';

const unitBytes: Record<string, number> = { Ki: 1024, Mi: 1024 * 1024, Gi: 1024 * 1024 * 1024 };

/** A size as Kubernetes writes it: `512Ki`, `4Mi`, or bytes. */
export const bytesSchema = z
  .string()
  .regex(/^\d{1,9}(Ki|Mi|Gi)?$/, 'write it as 512Ki or 4Mi')
  .transform((text) => parseInt(text) * (unitBytes[text.slice(-2)] ?? 1));
