import { Config, live } from '@fieldguide/config';
import { z } from 'zod';

export class ShippingConfig extends Config(
  z.object({
    /** Time from the order's confirmation to its dispatch. */
    DISPATCH_DELAY_MS: live(z.coerce.number().int().min(0).max(86_400_000).default(1_000)),
  }),
) {}
