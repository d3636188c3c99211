import { z } from 'zod';
import type { IdentityConfig } from '../identity.config.ts';

const Clients = z.record(
  z.string(),
  z.object({ secret: z.string(), scopes: z.array(z.string()).readonly() }),
);

/** Secret and scopes by client id. A client that is not listed may do nothing. */
export function clientsOf({ CLIENTS }: Pick<IdentityConfig, 'CLIENTS'>): z.infer<typeof Clients> {
  return Clients.parse(JSON.parse(CLIENTS));
}
