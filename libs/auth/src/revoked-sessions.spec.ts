import { ManualClock } from '@fieldguide/clock/testing';
import { expect, it } from 'vitest';
import { RevokedSessions } from './index.ts';

it('are known until their last token has expired, and forgotten then', () => {
  const clock = new ManualClock();
  const revoked = new RevokedSessions(clock);
  revoked.revoke('first', clock.fromNow(1_000));
  revoked.revoke('second', clock.fromNow(2_000));
  clock.advance(1_500);
  revoked.revoke('third', clock.fromNow(1_000));
  expect(['first', 'second', 'third'].map((sid) => revoked.has(sid))).toEqual([false, true, true]);
});
