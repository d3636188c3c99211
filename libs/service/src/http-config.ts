import { Config } from '@fieldguide/config';
import { z } from 'zod';

/** Where and how a service listens. */
export class HttpConfig extends Config(
  z.object({
    /** Address that the service listens on. */
    HOST: z.string().default('127.0.0.1'),
    /** Address that the registry shows, when it differs from HOST. */
    ADVERTISED_HOST: z.string().optional(),
    /** Port of HTTP and health checks; 0 selects a free one. */
    PORT: z.coerce.number().int().min(0).max(65_535),
    /** Second port, shared by all instances of the app on this machine. */
    PUBLIC_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
    /** How long a request with its body may take to arrive. */
    REQUEST_TIME_LIMIT_MS: z.coerce.number().int().min(100).default(10_000),
  }),
) {}
