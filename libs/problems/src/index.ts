export { type RefusalKind, RuleBroken, refusals } from './domain-error.ts';
export { ProblemFilter } from './problem.filter.ts';
export { PROBLEM_JSON, type Problem, problem, unreadable, unreadableBecause } from './problem.ts';
export { RequestPipe } from './request.pipe.ts';
