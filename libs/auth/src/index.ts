export { AuthGuard } from './auth.guard.ts';
export { Caller, type CallerClaims, Open, Scope } from './decorators.ts';
export { mayRead } from './ownership.ts';
export { EndedSessions } from './revoked-sessions.ts';
export {
  bearerToken,
  KeySource,
  type PublicKey,
  TokenRefused,
  TokenVerifier,
} from './token-verifier.ts';
