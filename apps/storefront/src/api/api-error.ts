import { Problem } from '@fieldguide/contracts/problem';

/** The API returned a problem: `problem.type` is for the program, `problem.title` for the user. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly problem: Problem;
  /** When a repeat is likely to succeed, if the shop states it. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(problem.title);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
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

/** The whole seconds of a `retry-after` header; undefined without one, and for a date. */
export function retryAfterOf({ headers }: Pick<Response, 'headers'>): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
