export { CallFailed, Guard, type GuardSettings, isOutage, UncountedError } from './guard.ts';
