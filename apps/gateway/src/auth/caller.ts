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

/** Who is asking; undefined for somebody who is not signed in. */
export function callerOf(request: FastifyRequest): CallerClaims | undefined {
  return callers.get(request);
}

/** A hook after routing, for routes that need a token; it runs on the matched route, so no spelling of a path avoids it. */
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
        return sendProblem(reply, 403, 'notAllowed', `This needs the scope ${scope}.`);
      }
      callers.set(request, caller);
      return undefined;
    } catch (error) {
      if (error instanceof InvalidTokenError) {
        return sendProblem(
          reply,
          401,
          'authenticationRequired',
          'A valid token is needed: POST /auth/tokens.',
        );
      }
      log.warn({ err: error }, 'Tokens cannot be checked');
      return sendProblem(
        reply,
        503,
        'tokenCheckUnavailable',
        'Tokens cannot be checked now: try again in a few seconds.',
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
