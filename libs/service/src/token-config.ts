import { Config, live } from '@fieldguide/config';
import { z } from 'zod';

/** Whose access tokens are accepted. */
export class TokenConfig extends Config(
  z.object({
    /** Issuer of the accepted tokens (`iss`); by default identity of this environment, `<system>/<environment>`. */
    TOKEN_ISSUER: z.string().min(1).optional(),
    /** Audience that accepted tokens must have (`aud`); by default `<system>/<environment>`. */
    TOKEN_AUDIENCE: z.string().min(1).optional(),
    /** Thumbprints (RFC 7638) of the keys that may sign tokens, separated by commas. Required without TOKEN_JWKS_URL. */
    TOKEN_KEY_THUMBPRINTS: live(z.string().min(1)).optional(),
    /** Address of the keys of another issuer than identity (RFC 7517). Without thumbprints, all its keys are trusted. */
    TOKEN_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  }),
) {}
