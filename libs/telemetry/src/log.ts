import type { LoggerService } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** A structured log: `log.info({ orderId }, 'placed')`. Never log personal data or secrets. */
export type Log = Logger;

/** Injects the log of the process: `@Inject(LOG) log: Log`. */
export const LOG = Symbol('telemetry:log');

/**
 * One JSON object a line on stdout: `time` (ISO 8601), `level`, `service`, `instance`, `traceId`, `msg`.
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
    serializers: { err: serializeError },
    redact: ['password', 'authorization', '*.password', '*.authorization', 'headers.authorization'],
    mixin: () => {
      const traceId = trace.getActiveSpan()?.spanContext().traceId;
      return traceId ? { traceId } : {};
    },
  };
  return to ? pino(settings, to) : pino(settings);
}

interface LoggedError extends Error {
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
  /** TypeORM's copy of the database's own error. */
  readonly driverError?: LoggedError;
}

/**
 * Logs only the safe fields of an error: parameters of a failed statement and PostgreSQL's `detail` (values of a
 * row) may be personal data.
 */
function serializeError(
  error: LoggedError,
): { message: string | undefined } & Record<string, unknown> {
  const { name, cause } = error;
  const { code = error.code, constraint, table, column } = error.driverError ?? error;
  const redact = (text: string | undefined) => (isDataException(code) ? withoutValues(text) : text);
  const because: string | undefined =
    cause instanceof Error ? serializeError(cause).message : undefined;
  return {
    name,
    message: redact(error.message),
    stack: redact(error.stack),
    ...(code && { code }),
    ...(constraint && { constraint }),
    ...(table && { table }),
    ...(column && { column }),
    ...(because && { because }),
  };
}

// SQLSTATE class 22, whose messages quote the invalid value: invalid input syntax for type uuid: "…".
const isDataException = (code: string | undefined) => /^22[0-9A-Z]{3}$/.test(code ?? '');
const withoutValues = (text: string | undefined) => text?.replace(/: ".*"/gs, ': "…"');

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
