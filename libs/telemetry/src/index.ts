export {
  type DependencyState,
  type DependencyVerdict,
  Health,
  type HealthReport,
} from './health.ts';
export { LOG, type Log, makeLog, NestLog } from './log.ts';
export { metrics } from './metrics.ts';
export { inSpan, startTracing, type TraceCarrier, traceFrom, traceInto } from './trace.ts';
