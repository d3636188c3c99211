export { errorType } from './error.ts';
export {
  type DependencyState,
  type DependencyVerdict,
  Health,
} from './health.ts';
export { type ObservedCall, observeCall } from './http-client.ts';
export { LOG, type Log, makeLog, NestLog } from './log.ts';
export { metrics } from './metrics.ts';
export { securityEvent } from './security-event.ts';
export { startTracing } from './start-tracing.ts';
export {
  endSpan,
  inSpan,
  isRecorded,
  linkTo,
  outsideTrace,
  startSpan,
  traceInto,
  withSpan,
} from './trace.ts';
