import { Config, live, secret, textFor } from '@fieldguide/config';
import { z } from 'zod';
import { privateKeysIn } from './public-keys/private-keys.ts';

export class IdentityConfig extends Config(
  z.object({
    /** ES256 private keys, PEM: the first one signs tokens, the public keys of all are published. */
    SIGNING_KEY: secret(live(textFor(privateKeysIn))),
    /** Lifetime of an access token, of a person or of a service. */
    ACCESS_TOKEN_SECONDS: z.coerce.number().int().min(30).max(3_600).default(300),
    /** Address of the public API: the metadata of the token endpoint names it. */
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8080'),
    /** Lifetime of a session, however often it is refreshed. */
    SESSION_DAYS: z.coerce.number().int().min(1).max(90).default(30),
    /** A session ends after this time without a refresh. */
    SESSION_IDLE_DAYS: z.coerce.number().int().min(1).max(90).default(14),
    /** JSON object, client id → `{ secret, scopes }`. `seed` stores the secrets' hashes. */
    CLIENTS: secret(z.string().default('{}')),
  }),
) {}
