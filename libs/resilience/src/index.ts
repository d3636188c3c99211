export { ConcurrencyLimit } from './concurrency-limit.ts';
export { DEADLINE_HEADER, withDeadline } from './deadline.ts';
export {
  AbandonedError,
  CallFailedError,
  InstanceFailedError,
  isOutage,
  UncountedError,
  UnsentError,
} from './errors.ts';
export { Policies } from './policies.ts';
export { parsePolicies } from './policy-settings.ts';
export { type Call, ResiliencePolicy, type TimeLimit } from './resilience-policy.ts';
