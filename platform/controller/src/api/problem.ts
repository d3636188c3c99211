import { CliError } from '@fieldguide/platform-host/cli-error';
import { system } from '@fieldguide/platform-host/system';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { OperationInProgressError } from '../operations.ts';

/** RFC 9457, with what to try as an extension. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  hint: z.string().optional(),
});

/** A no of the API itself. */
export class ApiProblem extends CliError {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, title: string, hint = '') {
    super(title, hint);
    this.status = status;
    this.type = type;
  }
}

/** Converts an error to a problem: errors that the user can fix in full, others to the log only. */
export function sendProblem(error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, type, title, hint } = problemOf(error);
  const body = { type: `${system.name}:platform/${type}`, title, status, ...(hint && { hint }) };
  void reply.status(status).type('application/problem+json').serializer(JSON.stringify).send(body);
}

function problemOf(error: unknown): {
  status: number;
  type: string;
  title: string;
  hint?: string;
} {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const title = error.validation
      .map(({ instancePath, message }) => `${instancePath.slice(1) || 'the request'}: ${message}`)
      .join('; ');
    return { status: 422, type: 'notUnderstood', title, hint: 'GET /openapi.json' };
  }
  if (error instanceof ApiProblem) {
    return { ...error, title: error.message };
  }
  if (error instanceof OperationInProgressError) {
    return { status: 409, type: 'busy', title: error.message, hint: error.hint };
  }
  if (error instanceof CliError) {
    const unknown = error.message.startsWith('There is no ');
    const [status, type] = unknown ? [404, 'unknown'] : [422, 'refused'];
    return { status, type, title: error.message, hint: error.hint };
  }
  const { statusCode = 500, message } = error as FastifyError;
  if (statusCode < 500) return { status: statusCode, type: 'notUnderstood', title: message };
  return { status: 500, type: 'unexpected', title: message, hint: 'fieldguide logs platform' };
}
