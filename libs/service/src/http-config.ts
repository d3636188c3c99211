import { isIP } from 'node:net';
import { Config } from '@fieldguide/config';
import { z } from 'zod';

function isNetwork(text: string): boolean {
  const [, address = '', prefix = '0'] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version > 0 && Number(prefix) <= (version === 4 ? 32 : 128);
}

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
    /** Addresses and ranges, separated by commas, of the proxies whose `X-Forwarded-For` names the caller. By default the private networks, and none for the gateway. */
    TRUSTED_PROXIES: z
      .string()
      .transform((list) => list.split(',').flatMap((each) => each.trim() || []))
      .refine((list) => list.every(isNetwork), '10.0.0.0/8,192.0.2.1')
      .optional(),
    /** How long a request with its body may take to arrive. */
    REQUEST_TIME_LIMIT_MS: z.coerce.number().int().min(100).default(10_000),
  }),
) {}
