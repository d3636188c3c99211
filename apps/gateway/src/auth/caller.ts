import {
  bearerToken,
  type CallerClaims,
  InvalidTokenError,
  type TokenVerifier,
} from '@fieldguide/auth';
import { PROBLEM_JSON, problem } from '@fieldguide/problems';
import type { Log } from '@fieldguide/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';

const callers = new WeakMap<FastifyRequest, CallerClaims>();

/** The verified caller of a request; undefined for an anonymous one. */
export function callerOf(request: FastifyRequest): CallerClaims | undefined {
  return callers.get(request);
}

/** Returns a hook for routes that need a token. It runs after routing, on the matched route, so no spelling of a path bypasses it. */
export function requireToken(tokens: TokenVerifier, log: Log, scope?: string) {
  return async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> => {
    const token = bearerToken(request.headers.authorization);
    try {
      if (!token) throw new InvalidTokenError('there is none');
      const caller = await tokens.verify(token);
      if (scope && !caller.scopes.has(scope)) {
        return sendProblem(reply, 403, 'notAllowed', `This requires the scope ${scope}.`);
      }
      callers.set(request, caller);
      return undefined;
    } catch (error) {
      if (error instanceof InvalidTokenError) {
        return sendProblem(
          reply,
          401,
          'authenticationRequired',
          'A valid access token is required: POST /auth/tokens.',
        );
      }
      log.warn({ err: error }, 'Tokens cannot be verified');
      return sendProblem(
        reply,
        503,
        'tokenCheckUnavailable',
        'Tokens cannot be verified now: try again in a few seconds.',
      );
    }
  };
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  code: string,
  title: string,
): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .status(status)
    .type(PROBLEM_JSON)
    .send(JSON.stringify(problem(status, code, title)));
}
