import { Retention } from '@fieldguide/database';

/** A refresh token of a session that is gone is refused like one of a session that has ended. */
export const sessionRetention = new Retention(
  'sessions',
  'least(expires_at, ended_at) < now() - $1::interval',
  () => 7,
);
