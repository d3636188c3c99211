export { type DependencyState, type DependencyVerdict, Health } from './health.ts';
export { LOG, type Log, makeLog, NestLog } from './log.ts';
export { metrics } from './metrics.ts';
export { inSpan, startTracing, traceFrom, traceInto } from './trace.ts';
