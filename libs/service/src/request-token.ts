import { CallFailedError } from '@fieldguide/resilience';
import { z } from 'zod';

const RESPONSE_TIMEOUT_MS = 5_000;

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const Response = z.object({ access_token: z.string(), expires_in: z.number() });

export interface TokenEndpoint {
  readonly url: string;
  readonly scope: string;
}

/**
 * Requests a token with client credentials at any token endpoint (RFC 6749, section 4.4).
 * @throws CallFailedError
 */
export async function requestToken(
  { url, scope }: TokenEndpoint,
  { clientId, clientSecret }: ClientCredentials,
) {
  const pair = [clientId, clientSecret].map(encodeURIComponent).join(':');
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) }),
      redirect: 'error',
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the token endpoint returned ${response.status}`);
    const { access_token, expires_in } = Response.parse(await response.json());
    return { accessToken: access_token, expiresInSeconds: expires_in };
  } catch (error) {
    throw new CallFailedError('the token issuer', error as Error);
  }
}
