import type { LoggerService } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { safeError } from './error.ts';

/** A structured log: `log.info({ orderId }, 'placed')`. Never log personal data or secrets. */
export type Log = Logger;

/** Injects the log of the process: `@Inject(LOG) log: Log`. */
export const LOG = Symbol('telemetry:log');

/**
 * One JSON object a line on stdout: `time` (ISO 8601), `level`, `service`, `instance`, `msg`, and within a request or
 * message `trace_id` and `span_id`.
 * @param level pino's names; `LOG_LEVEL` of a service's configuration
 * @param to destination of the lines; stdout by default
 */
export function makeLog(
  service: string,
  instance: string,
  level = 'info',
  to?: DestinationStream,
): Log {
  const settings: LoggerOptions = {
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: safeError },
    redact: ['password', 'authorization', '*.password', '*.authorization', 'headers.authorization'],
    mixin: () => {
      const span = trace.getActiveSpan()?.spanContext();
      return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
    },
  };
  return to ? pino(settings, to) : pino(settings);
}

/** Writes Nest's own messages in the same format; its start-up messages about modules and routes use level `debug`. */
export class NestLog implements LoggerService {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  log(message: unknown, context?: string) {
    this.#log.debug({ context }, String(message));
  }

  warn(message: unknown, context?: string) {
    this.#log.warn({ context }, String(message));
  }

  error(message: unknown, ...more: unknown[]) {
    const context = more.at(-1);
    if (message instanceof Error) this.#log.error({ context, err: message }, message.message);
    else
      this.#log.error({ context, stack: more.length > 1 ? more[0] : undefined }, String(message));
  }
}
