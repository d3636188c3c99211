import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import { throwError } from 'rxjs';
import { DomainError } from './domain-error.ts';
import { PROBLEM_JSON, type Problem, problem, toRequestProblem } from './problem.ts';

// As long as an open circuit breaker waits before its next trial.
const RETRY_AFTER_SECONDS = '5';

/**
 * Converts every thrown error to a response: domain errors and errors of the framework keep their
 * status, everything else is a 500 with only a trace id.
 * For messages it rethrows the error unchanged, because Nest would replace it by "Internal server error".
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log = new Logger('problems');

  constructor(private readonly http: HttpAdapterHost) {}

  catch(thrown: unknown, host: ArgumentsHost) {
    if (host.getType() === 'rpc') return throwError(() => thrown);
    const answer = this.#toProblem(thrown);
    const response = host.switchToHttp().getResponse();
    this.http.httpAdapter.setHeader(response, 'content-type', PROBLEM_JSON);
    if (answer.status === 401)
      this.http.httpAdapter.setHeader(response, 'www-authenticate', 'Bearer');
    if (answer.status === 503 || answer.status === 429) {
      const own = thrown instanceof DomainError ? thrown.retryAfterSeconds : undefined;
      const seconds = String(own ?? RETRY_AFTER_SECONDS);
      this.http.httpAdapter.setHeader(response, 'retry-after', seconds);
    }
    this.http.httpAdapter.reply(response, answer, answer.status);
  }

  #toProblem(thrown: unknown): Problem {
    if (thrown instanceof DomainError) return problem(thrown.status, thrown.code, thrown.message);
    if (thrown instanceof HttpException) return fromHttpException(thrown);
    // Fastify's own errors (invalid JSON, body too large, …) carry a status and a public message.
    const { statusCode = 500 } = thrown as { statusCode?: number };
    if (statusCode >= 400 && statusCode < 500) return toRequestProblem(thrown as Error);
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    this.#log.error(thrown);
    return problem(500, 'internalError', 'An internal error occurred.', {
      ...(traceId && { traceId }),
    });
  }
}

function fromHttpException(thrown: HttpException): Problem {
  const body = thrown.getResponse() as Problem | string;
  if (typeof body === 'object' && body.type?.startsWith('/problems/')) return body;
  const status = thrown.getStatus();
  return problem(status, status === 404 ? 'notFound' : `http${status}`, thrown.message);
}
