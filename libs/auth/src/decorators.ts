import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';

/** Who is asking, as the verified token says. */
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

export const PUBLIC = 'fieldguide:open';
export const SCOPE = 'fieldguide:scope';

/** Anyone may call it. Without this or `Scope`, any signed-in caller may. */
export const Public = () => SetMetadata(PUBLIC, true);

/** The token needs this scope, or one of these. */
export const RequireScope = (...scopes: readonly [string, ...string[]]) =>
  SetMetadata(SCOPE, scopes);

/** The caller, put there by the guard; never read it from a header. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): CallerClaims => {
    return context.switchToHttp().getRequest<{ caller: CallerClaims }>().caller;
  },
);
