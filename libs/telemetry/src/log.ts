import type { LoggerService } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** A structured log: `log.info({ orderId }, 'placed')`. Nothing personal and no secret belongs in it. */
export type Log = Logger;

/**
 * One JSON object a line on stdout: `time` (ISO 8601), `level`, `service`, `instance`, `traceId`, `msg`.
 * @param level pino's names; `LOG_LEVEL` of a service's configuration
 * @param to where the lines go; stdout when not given
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
    serializers: { err: told },
    redact: ['password', 'authorization', '*.password', '*.authorization', 'headers.authorization'],
    mixin: () => {
      const traceId = trace.getActiveSpan()?.spanContext().traceId;
      return traceId ? { traceId } : {};
    },
  };
  return to ? pino(settings, to) : pino(settings);
}

/** Of an error only what helps: a failed statement carries its parameters, and they may be personal. */
function told(error: Error & { code?: string }) {
  const { name, message, stack, code, cause } = error;
  const because = cause instanceof Error ? cause.message : undefined;
  return { name, message, stack, ...(code && { code }), ...(because && { because }) };
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
