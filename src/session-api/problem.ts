import * as z from 'zod';

/** Stable codes of the session API's errors, with the HTTP status each is sent with. */
export const problemStatus = {
  invalidRequest: 400,
  versionMismatch: 400,
  notFound: 404,
  methodNotAllowed: 405,
  conflict: 409,
  takenOver: 409,
  draining: 503,
  capacity: 503,
  containerNotFound: 404,
  runtimeNotFound: 502,
  sandboxedRuntime: 422,
  targetNotRunning: 409,
  targetChanged: 409,
  offsetUnavailable: 416,
  bridgeFailed: 500,
  internal: 500,
} as const;
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
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: ProblemCode;
  /** What the user can do about it; null when nothing is known. */
  readonly detail: string | null;

  constructor(code: ProblemCode, title: string, detail: string | null = null, options?: ErrorOptions) {
    super(title, options);
    this.code = code;
    this.detail = detail;
  }

  /** @returns it as the body of an answer. */
  toProblem(): Problem {
    return {
      type: 'about:blank',
      status: problemStatus[this.code],
      code: this.code,
      title: this.message,
      detail: this.detail,
    };
  }
}
