import { Config, live } from '@fieldguide/config';
import { databaseSettings, messagingSettings, serviceSettings } from '@fieldguide/service';
import { z } from 'zod';

const milliseconds = z.coerce.number().int().min(0);

export class OrderingConfig extends Config(
  z.object({
    ...serviceSettings,
    ...databaseSettings,
    ...messagingSettings,
    /** How old the known prices may be when the catalog cannot be asked. */
    PRICE_AGE_MS_MAX: live(milliseconds.default(3_600_000)),
  }),
) {}
