export { ProblemFilter } from './problem.filter.ts';
export { PROBLEM_JSON, type Problem, problem, unreadable, unreadableBecause } from './problem.ts';
export { type RefusalKind, RuleBroken, refusals } from './refusals.ts';
export { RequestPipe } from './request.pipe.ts';
