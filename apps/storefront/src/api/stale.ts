import { z } from 'zod';

/** Part of what the gateway has stored. */
export const Stale = z.object({ staleSinceMs: z.number().optional() });
export type Stale = z.infer<typeof Stale>;

/** Since when a response is stale, if the gateway had to use a stored one because the service failed (RFC 9211). */
export function staleSince(headers: Headers, nowMs: number): Stale {
  if (!headers.get('cache-status')?.includes('detail=stale-if-error')) return {};
  return { staleSinceMs: nowMs - Number(headers.get('age') ?? 0) * 1_000 };
}
