import type { LoggerService } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';

/** A structured log: `log.info({ orderId }, 'placed')`. Nothing personal and no secret belongs in it. */
export type Log = Logger;

/**
 * One JSON object a line on stdout: `time` (ISO 8601), `level`, `service`, `instance`, `traceId`, `msg`.
 * @param level pino's names; `LOG_LEVEL` of a service's configuration.
 */
export function makeLog(service: string, instance: string, level = 'info'): Log {
  return pino({
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['password', 'authorization', '*.password', '*.authorization', 'headers.authorization'],
    mixin: () => {
      const traceId = trace.getActiveSpan()?.spanContext().traceId;
      return traceId ? { traceId } : {};
    },
  });
}

/** Nest's own messages in the same form; its chatter about modules and routes goes to `debug`. */
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
