import { ProblemError, problemSchema } from '../session/problem.ts';

/** @returns what an error answer tells. */
export function toProblemError(body: string, status: number): ProblemError {
  try {
    const problem = problemSchema.parse(JSON.parse(body));
    return new ProblemError(problem.code, problem.title, problem.detail);
  } catch {
    return new ProblemError('internal', `the agent answered with status ${status}`);
  }
}
