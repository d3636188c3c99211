import { Config, live } from '@fieldguide/config';
import { messagingSettings, serviceSettings } from '@fieldguide/service';
import { z } from 'zod';

export class GatewayConfig extends Config(
  z.object({
    ...serviceSettings,
    ...messagingSettings,
    /** Requests of one caller (or one address, when not signed in) in a minute. */
    RATE_LIMIT_PER_MINUTE: live(z.coerce.number().int().positive().default(6_000)),
    /** The same for registering and signing in, which cost most and are guessed at. */
    SIGN_IN_LIMIT_PER_MINUTE: live(z.coerce.number().int().positive().default(300)),
    /** Of one address in a minute, signed in or not, answered well or refused. Many callers may share it. */
    ADDRESS_LIMIT_PER_MINUTE: live(z.coerce.number().int().positive().default(60_000)),
    FORWARD_TIME_LIMIT_MS: z.coerce.number().int().positive().default(10_000),
  }),
) {}
