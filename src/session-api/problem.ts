import * as z from 'zod';
import { Failure, type FailureCode } from '../failure/failure.ts';
import { parseJSON } from './connection/json-text.ts';

/** Stable codes of the session API's errors, with the HTTP status each is sent with. */
const problemStatus = {
  invalidRequest: 400,
  versionMismatch: 400,
  notFound: 404,
  methodNotAllowed: 405,
  requestTooLarge: 413,
  conflict: 409,
  takenOver: 409,
  draining: 503,
  capacity: 503,
  containerNotFound: 404,
  sandboxedRuntime: 422,
  targetNotRunning: 409,
  targetChanged: 409,
  noRemains: 410,
  targetNotResponding: 504,
  offsetUnavailable: 416,
  bridgeFailed: 500,
  internal: 500,
} as const satisfies Partial<Record<FailureCode, number>>;
export type ProblemCode = keyof typeof problemStatus;

/** An error answer as of RFC 9457 (`application/problem+json`), with our stable `code`. */
export const problemSchema = z.object({
  type: z.literal('about:blank').default('about:blank'),
  status: z.number().int(),
  code: z.enum(Object.keys(problemStatus) as [ProblemCode, ...ProblemCode[]]).catch('internal'),
  title: z.string(),
  detail: z.string().nullable().default(null),
});
export type Problem = z.infer<typeof problemSchema>;

/** A failure that the session API can tell; thrown where it happens, sent as a {@link Problem}. */
export class ProblemError extends Failure {
  override name = 'ProblemError';
  declare readonly code: ProblemCode;

  constructor(code: ProblemCode, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(code, message, hint, options);
  }

  /** @returns it as the body of an answer. */
  toProblem(): Problem {
    return {
      type: 'about:blank',
      status: problemStatus[this.code],
      code: this.code,
      title: this.message,
      detail: this.hint,
    };
  }
}

/**
 * Reads an error answer.
 * @param status the HTTP status, for an answer that is not a {@link Problem}.
 */
export function parseProblem(body: string, status: number): ProblemError {
  const { data: problem } = problemSchema.safeParse(parseJSON(body));
  if (problem) return new ProblemError(problem.code, problem.title, problem.detail);
  return new ProblemError('internal', `the agent answered with status ${status}`);
}
