import * as z from 'zod';
import { maxTimeLimitSeconds } from '../../session-api/time-limit.ts';

const unitMs: Record<string, number> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as kubectl takes it: `90`, `500ms`, `30s`, `5m`, `1h`, `1m30s`. In milliseconds. */
export const durationSchema = z.string().transform((text, context) => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|)/g)];
  if (text === '' || parts.map(([part]) => part).join('') !== text) {
    context.addIssue({ code: 'custom', message: `"${text}" is no duration: write it as 30s or 5m` });
    return z.NEVER;
  }
  return Math.round(
    parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0),
  );
});

/** The same, for what is waited for in one go; 0 where that means something. */
export const waitSchema = durationSchema.refine(
  (ms) => ms <= maxTimeLimitSeconds * 1000,
  `it has to be at most ${maxTimeLimitSeconds / 3600}h`,
);

/** The same, of a limit: never 0. */
export const timeLimitSchema = waitSchema.refine((ms) => ms > 0, 'it has to be above 0');
