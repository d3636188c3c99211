import { Problem } from '@fieldguide/contracts/problem';

/** The API returned a problem: `problem.type` is for the program, `problem.title` for the user. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** A proxy in front of the gateway may answer without a problem document. */
export function problemIn(text: string, { status }: Response): Problem {
  try {
    return Problem.parse(JSON.parse(text));
  } catch {
    return { type: '/problems/unknown', title: `The shop answered ${status}.`, status };
  }
}
