export { errorType } from './error.ts';
export {
  type DependencyState,
  type DependencyVerdict,
  Health,
} from './health.ts';
export { type ObservedCall, observeCall } from './http-client.ts';
export { LOG, type Log, makeLog, NestLog } from './log.ts';
export { metrics } from './metrics.ts';
export { startTracing } from './start-tracing.ts';
export {
  endSpan,
  inSpan,
  isRecorded,
  linkTo,
  outsideTrace,
  startSpan,
  type TraceCarrier,
  traceFrom,
  traceInto,
  withSpan,
} from './trace.ts';
