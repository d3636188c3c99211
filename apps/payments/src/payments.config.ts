import { Config, secret } from '@fieldguide/config';
import { z } from 'zod';

export class PaymentsConfig extends Config(
  z.object({
    /** Base URL of the outside payment provider. */
    PAYMENT_PROVIDER_URL: z.url(),
    PROVIDER_API_KEY: secret(z.string().min(16)),
  }),
) {}
