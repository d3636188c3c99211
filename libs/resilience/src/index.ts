export {
  CallFailedError,
  isOutage,
  ResiliencePolicy,
  type ResilienceSettings,
  UncountedError,
} from './resilience-policy.ts';
