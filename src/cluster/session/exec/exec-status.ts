import * as z from 'zod';
import { parseJSON } from '../../../session-api/connection/json-text.ts';
import { Failure } from '../../../failure/failure.ts';

const schema = z.object({
  status: z.enum(['Success', 'Failure']),
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z
    .object({
      causes: z
        .array(z.object({ reason: z.string().default(''), message: z.string().default('') }))
        .default([]),
    })
    .nullish(),
});

/** How an exec ended. */
export interface ExecStatus {
  /** null: the command could not be started. */
  exitCode: number | null;
  message: string;
}

/**
 * Reads the status that an exec ends with, as strictly as client-go: what is not understood is never a success.
 * @throws Failure `tunnelFailed` for a status that can't be read.
 */
export function parseExecStatus(text: string): ExecStatus {
  const parsed = schema.safeParse(parseJSON(text));
  if (!parsed.success) throw describeMalformed(text);
  const { status, reason, message, details } = parsed.data;
  if (status === 'Success') return { exitCode: 0, message };
  if (reason !== 'NonZeroExitCode') return { exitCode: null, message: message || reason || 'unknown error' };
  const cause = details?.causes.find((entry) => entry.reason === 'ExitCode');
  const exitCode = /^\d{1,3}$/.test(cause?.message ?? '') ? Number(cause?.message) : Number.NaN;
  // A failure with exit code 0 contradicts itself.
  if (!(exitCode >= 1 && exitCode <= 255)) throw describeMalformed(text);
  return { exitCode, message };
}

function describeMalformed(text: string): Failure {
  return new Failure(
    'tunnelFailed',
    `the exec ended with a status that can't be read: ${text.slice(0, 200)}`,
  );
}
