import * as z from 'zod';

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
