import { parseJSON } from '../../session-api/json-text.ts';
import { ProblemError, problemSchema } from '../../session-api/problem.ts';

/** @returns what an error answer tells. */
export function toProblemError(body: string, status: number): ProblemError {
  const { data: problem } = problemSchema.safeParse(parseJSON(body));
  if (problem) return new ProblemError(problem.code, problem.title, problem.detail);
  return new ProblemError('internal', `the agent answered with status ${status}`);
}
