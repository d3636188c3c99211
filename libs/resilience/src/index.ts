export { CallFailed, Guard, type GuardSettings } from './guard.ts';
