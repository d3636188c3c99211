import { Public, TokenRules } from '@fieldguide/auth';
import { DomainError } from '@fieldguide/problems/domain-error';
import { TakesForm } from '@fieldguide/service';
import { Controller, Get, Header, HttpCode, Ip, Post, Req, Res } from '@nestjs/common';
import { IdentityConfig } from '../identity.config.ts';
import { SignInHandler } from '../sign-in/sign-in.handler.ts';
import { OAuthError, readOAuthRequest } from './oauth-request.ts';

interface Request {
  readonly headers: { readonly authorization?: string; readonly 'user-agent'?: string };
  readonly body: unknown;
}
interface Reply {
  status(status: number): Reply;
  header(name: string, value: string): Reply;
}

const codes = {
  'identity.credentialsInvalid': 'invalid_client',
  'identity.scopeNotAllowed': 'invalid_scope',
  'identity.sessionEnded': 'invalid_grant',
} as const;

/** The token endpoint in the shape of OAuth 2 (RFC 6749), for clients that know nothing of this system. */
@Controller()
export class OAuthController {
  constructor(
    private readonly signIn: SignInHandler,
    private readonly rules: TokenRules,
    private readonly config: IdentityConfig,
  ) {}

  @Public()
  @Post('oauth/token')
  @TakesForm()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Header('pragma', 'no-cache')
  async token(
    @Req() { headers, body }: Request,
    @Ip() address: string,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    try {
      const from = { address, device: headers['user-agent'] };
      const token = await this.signIn.handle(readOAuthRequest(body, headers.authorization), from);
      return {
        access_token: token.accessToken,
        token_type: token.tokenType,
        expires_in: token.expiresInSeconds,
        scope: scopeOf(token.accessToken),
        ...(token.refreshToken && { refresh_token: token.refreshToken }),
      };
    } catch (error) {
      const { code: error_code, message } = asOAuthError(error);
      reply.status(error_code === 'invalid_client' ? 401 : 400);
      if (error_code === 'invalid_client') reply.header('www-authenticate', 'Basic');
      return { error: error_code, error_description: message };
    }
  }

  /** Authorisation server metadata (RFC 8414). */
  @Public()
  @Get('.well-known/oauth-authorization-server')
  @Header('cache-control', 'public, max-age=60')
  metadata() {
    const { PUBLIC_URL } = this.config;
    return {
      issuer: this.rules.issuer,
      token_endpoint: `${PUBLIC_URL}/oauth/token`,
      jwks_uri: `${PUBLIC_URL}/.well-known/jwks.json`,
      grant_types_supported: ['client_credentials', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      response_types_supported: [],
    };
  }
}

/** @throws what is no rejection of the request, such as an overload */
function asOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  const code = error instanceof DomainError && codes[error.code as keyof typeof codes];
  if (!code) throw error;
  return new OAuthError(code, (error as DomainError).message);
}

/** A token endpoint names the granted scope when it may differ from the requested one. */
function scopeOf(token: string): string {
  const claims = Buffer.from(token.split('.')[1]!, 'base64url').toString();
  return (JSON.parse(claims) as { scope: string }).scope;
}
