import { Config, live } from '@fieldguide/config';
import { z } from 'zod';

export class GatewayConfig extends Config(
  z.object({
    /** Requests per minute of one caller, or of one address when not signed in; each gateway process counts its own. */
    RATE_LIMIT_PER_MINUTE: live(z.coerce.number().int().positive().default(6_000)),
    /** Registrations and sign-ins per minute of one address: they cost most, and passwords are guessed there. */
    SIGN_IN_LIMIT_PER_MINUTE: live(z.coerce.number().int().positive().default(300)),
    /** Requests per minute of one address, signed in or not. Many callers may share an address. */
    ADDRESS_LIMIT_PER_MINUTE: live(z.coerce.number().int().positive().default(60_000)),
    /** How long a service may take to respond to a forwarded request. */
    FORWARD_TIME_LIMIT_MS: z.coerce.number().int().positive().default(10_000),
    /** Memory for responses of public reads, which all callers share; 0 stores none. */
    RESPONSE_CACHE_BYTES: z.coerce.number().int().min(0).default(33_554_432),
    /** Origins of web pages that may call the API, separated by commas; none by default. */
    CORS_ORIGINS: z
      .string()
      .default('')
      .transform((list) => list.split(',').flatMap((each) => each.trim() || []))
      .refine(
        (origins) => origins.every((each) => URL.canParse(each) && new URL(each).origin === each),
        'https://shop.example[,https://other.example]',
      ),
    /** Upper bound of the concurrent requests to one service; the limit below it adapts to the service's latency. */
    CONCURRENCY_LIMIT_MAX: live(z.coerce.number().int().positive().default(512)),
    /** Folder of the web application to serve; without it, `/` leads to the documentation of the API. */
    WEB_FOLDER: z.string().optional(),
  }),
) {}
