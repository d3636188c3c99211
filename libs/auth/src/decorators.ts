import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';

/** The caller, from the claims of the verified token. */
export interface CallerClaims {
  /** Account or client id. */
  readonly id: string;
  readonly kind: 'customer' | 'staff' | 'service';
  readonly scopes: ReadonlySet<string>;
  /** The session; it can end before the token expires. */
  readonly sid: string;
  /** Seconds since 1970. */
  readonly exp: number;
}

export const PUBLIC = 'auth:open';
export const SCOPE = 'auth:scope';

/** The route needs no token. Without this or `RequireScope`, any valid token is accepted. */
export const Public = () => SetMetadata(PUBLIC, true);

/** The token needs one of these scopes. */
export const RequireScope = (...scopes: readonly [string, ...string[]]) =>
  SetMetadata(SCOPE, scopes);

/** Injects the caller that the guard has authenticated; never read it from a header. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): CallerClaims => {
    return context.switchToHttp().getRequest<{ caller: CallerClaims }>().caller;
  },
);
