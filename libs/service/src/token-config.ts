import { Config } from '@fieldguide/config';
import { z } from 'zod';

/** Whose access tokens are accepted. */
export class TokenConfig extends Config(
  z.object({
    /** Issuer of the accepted tokens (`iss`); by default identity of this environment, `<system>/<environment>`. */
    TOKEN_ISSUER: z.string().min(1).optional(),
    /** Audience that accepted tokens must have (`aud`); by default `<system>/<environment>`. */
    TOKEN_AUDIENCE: z.string().min(1).optional(),
  }),
) {}
