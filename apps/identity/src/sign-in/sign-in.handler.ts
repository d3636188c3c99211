import type { Token, TokenRequest } from '@fieldguide/contracts/identity';
import { Database } from '@fieldguide/database';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import { Account } from '../account/account.entity.ts';
import { errors } from '../account/account.errors.ts';
import { Passwords } from '../account/passwords.ts';
import { Client } from '../client/client.entity.ts';
import { clientsOf } from '../client/clients.ts';
import { IdentityConfig } from '../identity.config.ts';
import { SigningKey } from '../public-keys/signing-key.ts';
import { sameSecret } from '../session/secrets.ts';
import { Session } from '../session/session.entity.ts';
import { addressHashOf, type Origin, Sessions } from '../session/sessions.ts';
import { attemptOf, SignInThrottle } from './sign-in-throttle.ts';

type Of<Grant> = Extract<TokenRequest, { grantType: Grant }>;
const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000';

@Injectable()
export class SignInHandler {
  constructor(
    private readonly database: Database,
    private readonly passwords: Passwords,
    private readonly throttle: SignInThrottle,
    private readonly sessions: Sessions,
    private readonly key: SigningKey,
    private readonly config: IdentityConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  handle(request: TokenRequest, from: Origin): Promise<Token> {
    if (request.grantType === 'password') return this.#byPassword(request, from);
    if (request.grantType === 'refreshToken')
      return this.sessions.refresh(request.refreshToken, from.address);
    return this.#byClient(request, from);
  }

  /** Does the same for an unknown account as for a known one. */
  async #byPassword({ email, password }: Of<'password'>, from: Origin): Promise<Token> {
    const { manager } = this.database.source;
    const account = await manager.findOneBy(Account, { email });
    const addressHash = addressHashOf(from.address);
    const begun = { accountId: account?.id ?? NO_ACCOUNT, addressHash };
    const attempt = attemptOf(email, from.address, await manager.existsBy(Session, begun));
    const event = { who: account?.id, what: 'password', from: from.address };
    const isRight = await this.throttle.run(
      attempt,
      () => this.passwords.matches(password, account?.passwordHash),
      () => securityEvent(this.log, 'authn_login_lock', event),
    );
    if (!account || !isRight) {
      securityEvent(this.log, 'authn_login_fail', event);
      throw errors.credentialsInvalid();
    }
    const token = await this.sessions.begin(account, from);
    securityEvent(this.log, 'authn_login_success', event);
    return token;
  }

  async #byClient(
    { clientId, clientSecret, scope }: Of<'clientCredentials'>,
    from: Origin,
  ): Promise<Token> {
    const client = await this.database.source.manager.findOneBy(Client, { id: clientId });
    const event = { who: client?.id, what: 'client secret', from: from.address };
    if (!client || !sameSecret(clientSecret, client.secretHash)) {
      securityEvent(this.log, 'authn_login_fail', event);
      throw errors.credentialsInvalid();
    }
    const allowed = clientsOf(this.config)[clientId]?.scopes ?? [];
    const wanted = scope?.split(' ') ?? allowed;
    if (!wanted.every((each) => allowed.includes(each))) throw errors.scopeNotAllowed();
    const claims = { kind: 'service', scope: wanted.join(' '), sid: client.sid };
    securityEvent(this.log, 'authn_login_success', event);
    const expiresInSeconds = this.config.ACCESS_TOKEN_SECONDS;
    const accessToken = this.key.sign(clientId, claims, expiresInSeconds);
    return { accessToken, expiresInSeconds, tokenType: 'Bearer' };
  }
}
