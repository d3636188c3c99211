export {
  CallFailed,
  Guard,
  type GuardSettings,
  isOutage,
  UncountedError,
} from './resilience-policy.ts';
