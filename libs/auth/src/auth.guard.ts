import { problem } from '@fieldguide/problems';
import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  HttpException,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type CallerClaims, PUBLIC, SCOPE } from './decorators.ts';
import { bearerToken, InvalidTokenError, TokenVerifier } from './token-verifier.ts';

/**
 * Authenticates every HTTP request, as a global guard after routing: path-scoped middleware was
 * bypassed by encoded paths (CVE-2025-69211). Every service repeats the checks of the gateway.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const marks = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, marks)) return true;

    const request = context
      .switchToHttp()
      .getRequest<{ headers: { authorization?: string }; caller?: CallerClaims }>();
    const token = bearerToken(request.headers.authorization);
    if (!token) throw unauthenticated();
    request.caller = await this.tokens.verify(token).catch((error: unknown) => {
      throw error instanceof InvalidTokenError ? unauthenticated() : keysUnavailable();
    });

    const { scopes } = request.caller;
    const needed = this.reflector.getAllAndOverride<readonly string[]>(SCOPE, marks);
    if (needed && !needed.some((scope) => scopes.has(scope))) {
      const title = `This request requires the scope ${needed.join(' or ')}.`;
      throw new ForbiddenException(problem(403, 'notAllowed', title));
    }
    return true;
  }
}

function unauthenticated(): HttpException {
  return new HttpException(
    problem(401, 'authenticationRequired', 'A valid access token is required: POST /auth/tokens.'),
    401,
  );
}

/** The keys of identity are not cached and cannot be fetched: a server error (503), not an invalid token. */
function keysUnavailable(): HttpException {
  const title = 'Tokens cannot be verified now: try again in a few seconds.';
  return new HttpException(problem(503, 'tokenCheckUnavailable', title), 503);
}
