import type { Envelope } from './envelope.ts';

/** The clocks of two machines may differ by this much: within it, a message may still be in time for its source. */
const EXPIRY_MARGIN_MS = 5_000;

/**
 * Whether the source of this message does not need it any more, by its `expirytime`. Skipping it lets a consumer catch up
 * faster the further it is behind. The source must not rely on it: a message may be handled after its time.
 */
export function isExpired({ expirytime }: Envelope, now: Date): boolean {
  return expirytime !== undefined && now.getTime() > Date.parse(expirytime) + EXPIRY_MARGIN_MS;
}
