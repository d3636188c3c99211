import {
  bearerToken,
  type CallerClaims,
  InvalidTokenError,
  type TokenVerifier,
} from '@fieldguide/auth';
import { PROBLEM_JSON, problem } from '@fieldguide/problems';
import type { Log } from '@fieldguide/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';

const CALLER = Symbol('caller');
type Authenticated = FastifyRequest & { [CALLER]?: CallerClaims };

/** The verified caller of a request; undefined for an anonymous one. */
export function callerOf(request: Authenticated): CallerClaims | undefined {
  return request[CALLER];
}

/**
 * Returns a hook for routes that need a token. It runs after routing, on the matched route, so no spelling of a path
 * bypasses it. Continues without a promise when the token is known.
 */
export function requireToken(tokens: TokenVerifier, log: Log, scope?: string) {
  return (request: Authenticated, reply: FastifyReply, done: () => void): void => {
    const accept = (caller: CallerClaims) => {
      if (scope && !caller.scopes.has(scope)) {
        sendProblem(reply, 403, 'notAllowed', `This requires the scope ${scope}.`);
        return;
      }
      request[CALLER] = caller;
      done();
    };
    const token = bearerToken(request.headers.authorization);
    const known = token && tokens.verified(token);
    if (known) accept(known);
    else verify(tokens, token).then(accept, (error: unknown) => reject(reply, error, log));
  };
}

async function verify(tokens: TokenVerifier, token: string | undefined): Promise<CallerClaims> {
  if (!token) throw new InvalidTokenError('there is none');
  return tokens.verify(token);
}

function reject(reply: FastifyReply, error: unknown, log: Log): void {
  if (error instanceof InvalidTokenError) {
    const title = 'A valid access token is required: POST /auth/tokens.';
    sendProblem(reply, 401, 'authenticationRequired', title);
    return;
  }
  log.warn({ err: error }, 'Tokens cannot be verified');
  const title = 'Tokens cannot be verified now: try again in a few seconds.';
  sendProblem(reply, 503, 'tokenCheckUnavailable', title);
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  code: string,
  title: string,
): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 503) reply.header('retry-after', '1');
  return reply
    .status(status)
    .type(PROBLEM_JSON)
    .send(JSON.stringify(problem(status, code, title)));
}
