export { AuthGuard } from './auth.guard.ts';
export { Caller, type CallerClaims, Public, RequireScope } from './decorators.ts';
export { mayRead } from './ownership.ts';
export { RevokedSessions } from './revoked-sessions.ts';
export { signToken, thumbprintOf } from './token-format.ts';
export {
  bearerToken,
  InvalidTokenError,
  KeySource,
  type PublicKey,
  TokenRules,
  TokenVerifier,
} from './token-verifier.ts';
