export { AuthGuard } from './auth.guard.ts';
export { Caller, type CallerClaims, Open, Scope } from './decorators.ts';
export { EndedSessions } from './ended-sessions.ts';
export { mayRead } from './ownership.ts';
export {
  bearerToken,
  KeySource,
  type PublicKey,
  TokenRefused,
  TokenVerifier,
} from './token-verifier.ts';
