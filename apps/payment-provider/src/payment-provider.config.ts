import { Config, secret } from '@fieldguide/config';
import { z } from 'zod';

export class PaymentProviderConfig extends Config(
  z.object({
    /** API key that payments sends to the payment provider as `X-Api-Key`. */
    PROVIDER_API_KEY: secret(z.string().min(16)),
    /** Where the ledger is kept (SQLite); all instances share it. */
    LEDGER_FILE: z.string().min(1),
    /** How long the payment token `tok_slow` delays the response. */
    SLOW_MS: z.coerce.number().int().min(0).default(3_000),
  }),
) {}
