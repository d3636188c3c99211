import type { CallerClaims } from './decorators.ts';

/** Whether the caller owns the resource or has the scope for all owners. Return 404 if not: 403 would reveal that it exists. */
export function mayRead(caller: CallerClaims, ownerId: string, scopeForAll: string): boolean {
  return caller.id === ownerId || caller.scopes.has(scopeForAll);
}
