import { Retention } from '@fieldguide/database';

/** The longest period that is counted is a day. */
export const failedSignInRetention = new Retention(
  'failed_sign_ins',
  'started_at < now() - $1::interval',
  () => 1,
);
