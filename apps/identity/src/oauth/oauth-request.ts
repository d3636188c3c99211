import { TokenRequest } from '@fieldguide/contracts/identity';

/** An error of the token endpoint (RFC 6749, section 5.2). */
export class OAuthError extends Error {
  override name = 'OAuthError';

  constructor(
    readonly code:
      | 'invalid_request'
      | 'invalid_client'
      | 'invalid_grant'
      | 'invalid_scope'
      | 'unsupported_grant_type',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Translates a request in OAuth's form. Grants: `client_credentials`, with the secret in the header (client_secret_basic)
 * or in the body (client_secret_post), and `refresh_token`. `password` is obsolete (RFC 9700, section 2.4).
 * @throws OAuthError
 */
export function readOAuthRequest(body: unknown, authorization: string | undefined): TokenRequest {
  if (!(body instanceof URLSearchParams))
    throw new OAuthError('invalid_request', 'Send application/x-www-form-urlencoded.');
  const repeated = [...body.keys()].find((key) => body.getAll(key).length > 1);
  if (repeated) throw new OAuthError('invalid_request', `${repeated} is sent more than once.`);
  const { grant_type, ...form } = Object.fromEntries(body) as Record<string, string | undefined>;
  if (!grant_type) throw new OAuthError('invalid_request', 'grant_type is missing.');
  if (grant_type === 'refresh_token')
    return validated({ grantType: 'refreshToken', refreshToken: form['refresh_token'] });
  if (grant_type !== 'client_credentials')
    throw new OAuthError('unsupported_grant_type', 'Use client_credentials or refresh_token.');
  return validated({
    grantType: 'clientCredentials',
    ...credentials(form, authorization),
    ...(form['scope'] && { scope: form['scope'] }),
  });
}

function validated(request: object): TokenRequest {
  const { data, error } = TokenRequest.safeParse(request);
  if (data) return data;
  const fields = error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new OAuthError('invalid_request', `Missing or invalid: ${fields}.`);
}

function credentials(form: Record<string, string | undefined>, authorization: string | undefined) {
  const basic = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '')?.[1];
  if (!authorization) return { clientId: form['client_id'], clientSecret: form['client_secret'] };
  if (!basic) throw new OAuthError('invalid_client', 'Use HTTP Basic authentication.');
  if (form['client_secret'])
    throw new OAuthError('invalid_request', 'Authenticate in the header or in the body.');
  const [clientId, clientSecret] = Buffer.from(basic, 'base64').toString().split(':').map(decoded);
  return { clientId, clientSecret };
}

/** Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1). */
function decoded(part: string): string {
  return [...new URLSearchParams(`part=${part.replaceAll('&', '%26')}`).values()][0] ?? '';
}
