export { DomainError, defineErrors } from './domain-error.ts';
export { ProblemFilter } from './problem.filter.ts';
export {
  PROBLEM_JSON,
  type Problem,
  problem,
  toRequestProblem,
  toValidationProblem,
} from './problem.ts';
export { RequestPipe } from './request.pipe.ts';
