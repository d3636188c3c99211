import { Config, secret } from '@fieldguide/config';
import { databaseSettings, messagingSettings, serviceSettings } from '@fieldguide/service';
import { z } from 'zod';

export class PaymentsConfig extends Config(
  z.object({
    ...serviceSettings,
    ...databaseSettings,
    ...messagingSettings,
    /** Base URL of the outside payment provider. */
    PAYMENT_PROVIDER_URL: z.url(),
    PROVIDER_API_KEY: secret(z.string().min(16)),
  }),
) {}
