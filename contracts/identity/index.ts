import { z } from 'zod';
import { message, topic } from '../message.ts';
import { Id } from '../money.ts';
import { Text } from '../text.ts';

export const SessionTopic = topic('identity.sessions.v1', 'events', 1, { hours: 1 });
export const AccountTopic = topic('identity.accounts.v1', 'events', 3, { days: 7 });

const Email = z.email().max(254).toLowerCase();
const Password = Text.min(8).max(128);

export const RegistrationRequest = z.strictObject({
  email: Email,
  password: Password,
  name: Text.trim().min(1).max(100),
});
export type RegistrationRequest = z.infer<typeof RegistrationRequest>;
export const Registration = z.object({ customerId: Id });

export const TokenRequest = z.discriminatedUnion('grantType', [
  z.strictObject({
    grantType: z.literal('password'),
    email: Email,
    password: Text.min(1).max(128),
  }),
  z.strictObject({
    grantType: z.literal('refreshToken'),
    refreshToken: Text.min(1).max(500),
  }),
  z.strictObject({
    grantType: z.literal('clientCredentials'),
    clientId: Text.min(1).max(100),
    clientSecret: Text.min(1).max(500),
    scope: Text.max(500).optional(),
  }),
]);
export type TokenRequest = z.infer<typeof TokenRequest>;

export const Token = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  expiresInSeconds: z.int().positive(),
  tokenType: z.literal('Bearer'),
});
export type Token = z.infer<typeof Token>;

/** The caller's own sessions that have not ended. */
export const SessionList = z.object({
  items: z.array(
    z.object({
      id: Id,
      /** The user agent that began it, if it named itself. */
      device: z.string().nullable(),
      begunAt: z.iso.datetime(),
      refreshedAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
      isCurrent: z.boolean(),
    }),
  ),
});

export const PasswordChange = z.strictObject({
  currentPassword: Text.min(1).max(128),
  newPassword: Password,
});
export type PasswordChange = z.infer<typeof PasswordChange>;

/** A request to the token endpoint in OAuth's own shape; the client may also authenticate with HTTP Basic. */
export const OAuthTokenRequest = z.object({
  grant_type: z.enum(['client_credentials', 'refresh_token']),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  scope: z.string().optional(),
  refresh_token: z.string().optional(),
});

/** An error of the token endpoint (RFC 6749, section 5.2). */
export const OAuthErrorResponse = z.object({
  error: z.enum([
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'invalid_scope',
    'unsupported_grant_type',
  ]),
  error_description: z.string(),
});

/** The response of the token endpoint in OAuth's own shape (RFC 6749). */
export const OAuthToken = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().positive(),
  scope: z.string(),
  refresh_token: z.string().optional(),
});

/** Where a client requests tokens, and how it authenticates (RFC 8414). */
export const AuthorizationServer = z.object({
  issuer: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  grant_types_supported: z.array(z.string()),
  token_endpoint_auth_methods_supported: z.array(z.string()),
  response_types_supported: z.array(z.string()),
});

/** The public keys that tokens are checked with (RFC 7517): curve points of ES256. */
export const KeySet = z.object({
  keys: z.array(
    z.object({
      kid: z.string(),
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: z.string(),
      y: z.string(),
      use: z.literal('sig'),
      alg: z.literal('ES256'),
    }),
  ),
});

/** No token of this session counts any more. Key: sid. */
export const SessionEnded = message(
  SessionTopic,
  'SessionEnded',
  z.object({ sid: Id, tokensValidUntil: z.iso.datetime() }),
);

/** Forget who this was: everything personal about the customer is to be deleted. Key: customerId. */
export const CustomerErased = message(AccountTopic, 'CustomerErased', z.object({ customerId: Id }));
