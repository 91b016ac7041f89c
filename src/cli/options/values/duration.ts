import * as z from 'zod';
import { leaseSchema } from '../../../session-api/session-spec.ts';
import { maxTimeLimitSeconds } from '../../../session-api/time-limit.ts';

const unitMs: Record<string, number> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const secondsPerHour = 3600;

/** A duration as kubectl takes it: `90`, `500ms`, `30s`, `5m`, `1h`, `1m30s`. In milliseconds. */
const durationSchema = z.string().transform((text, context) => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|)/g)];
  if (text === '' || parts.map(([part]) => part).join('') !== text) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a duration (30s, 5m)` });
    return z.NEVER;
  }
  return Math.round(
    parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0),
  );
});

/** The same, for what is waited for in one go; 0 where that means something. */
export const waitSchema = durationSchema.refine(
  (ms) => ms <= maxTimeLimitSeconds * 1000,
  `it takes at most ${maxTimeLimitSeconds / secondsPerHour}h`,
);

/** The same, of a limit: never 0. */
export const timeLimitSchema = waitSchema.refine((ms) => ms > 0, 'it takes more than 0');

/** Whole seconds, at least one. */
export const toSeconds = (ms: number): number => Math.max(1, Math.round(ms / 1000));

/** How long a session is kept, in seconds. */
export const leaseSecondsSchema = durationSchema
  .transform(toSeconds)
  .refine(
    (seconds) => leaseSchema.safeParse(seconds).success,
    `it takes at most ${(leaseSchema.maxValue ?? 0) / secondsPerHour}h`,
  );
