import * as z from 'zod';

const unitBytes: Record<string, number> = { Gi: 1024 ** 3, Mi: 1024 ** 2, Ki: 1024 };

/** Checks a size as Kubernetes writes it, `512Ki`, `4Mi` or bytes, and turns it into bytes. */
export function createBytesSchema(min: number, max: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,9}(Ki|Mi|Gi)?$/, 'write it as 512Ki or 4Mi')
    .transform((text) => parseInt(text) * (unitBytes[text.slice(-2)] ?? 1))
    .refine((bytes) => bytes >= min && bytes <= max, `it takes ${formatBytes(min)} to ${formatBytes(max)}`);
}

/** @returns a size in the largest unit of which it is a multiple: `512Ki`. */
export function formatBytes(bytes: number): string {
  const [unit, size] = Object.entries(unitBytes).find(([, size]) => bytes % size === 0) ?? ['', 1];
  return `${bytes / size}${unit}`;
}
