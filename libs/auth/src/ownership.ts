import type { CallerClaims } from './decorators.ts';

/** Whether the caller owns the thing, or has the scope that reads everybody's. Answer 404 when not: 403 would tell that it exists. */
export function mayRead(caller: CallerClaims, ownerId: string, scopeForAll: string): boolean {
  return caller.id === ownerId || caller.scopes.has(scopeForAll);
}
