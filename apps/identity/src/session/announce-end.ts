import { SessionEnded } from '@fieldguide/contracts/identity';
import type { UnitOfWork } from '@fieldguide/database';
import { publish } from '@fieldguide/messaging';

/** Access tokens of a session are good until they expire; this makes every service refuse them. */
export function announceEnd(
  uow: UnitOfWork,
  sid: string,
  { ACCESS_TOKEN_SECONDS }: { readonly ACCESS_TOKEN_SECONDS: number },
): void {
  const until = new Date(uow.now().getTime() + ACCESS_TOKEN_SECONDS * 1_000);
  publish(uow, SessionEnded, sid, { sid, tokensValidUntil: until.toISOString() });
}
