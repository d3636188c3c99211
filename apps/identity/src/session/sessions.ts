import { Clock, Ids } from '@fieldguide/clock';
import { SessionEnded, type Token } from '@fieldguide/contracts/identity';
import { IdRequest } from '@fieldguide/contracts/money';
import { type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { publish } from '@fieldguide/messaging';
import { Injectable } from '@nestjs/common';
import { type Account, Account as AccountTable, scopesOf } from '../account/account.entity.ts';
import { errors } from '../account/account.errors.ts';
import { IdentityConfig } from '../identity.config.ts';
import { SigningKey } from '../public-keys/signing-key.ts';
import { fingerprint, Secrets, sameSecret } from './secrets.ts';
import { Session } from './session.entity.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

@Injectable()
export class Sessions {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly config: IdentityConfig,
    private readonly key: SigningKey,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly secrets: Secrets,
  ) {}

  async begin(account: Account, addressHash: string): Promise<Token> {
    const secret = this.secrets.text();
    const session = Object.assign(new Session(), {
      sid: this.ids.next(),
      accountId: account.id,
      refreshHash: fingerprint(secret),
      addressHash,
    });
    await this.units.run(async (uow) => {
      // Serialises with the account's erasure: one of the two comes first.
      const [present] = await uow.lock(AccountTable, [account.id]);
      if (!present) throw errors.credentialsInvalid();
      const now = await uow.databaseTime();
      session.expiresAt = new Date(now.getTime() + this.config.SESSION_DAYS * DAY_MS);
      await uow.save(Session, session);
    });
    return this.#tokens(account, session.sid, secret);
  }

  /** Accepts a refresh token once. A repeated one was copied: the session ends. */
  async refresh(refreshToken: string): Promise<Token> {
    const [id, secret = ''] = refreshToken.split('.');
    const { data: sid } = IdRequest.safeParse(id);
    if (!sid) throw errors.sessionEnded();
    const next = this.secrets.text();
    const account = await this.units.run(async (uow) => {
      const session = await uow.load(Session, sid);
      if (!session || session.endedAt || session.expiresAt <= (await uow.databaseTime()))
        return undefined;
      if (!sameSecret(secret, session.refreshHash)) {
        await this.#end(session, uow);
        return undefined;
      }
      session.refreshHash = fingerprint(next);
      await uow.save(Session, session);
      return uow.load(AccountTable, session.accountId);
    });
    if (!account) throw errors.sessionEnded();
    return this.#tokens(account, sid, next);
  }

  async end(sid: string): Promise<void> {
    await this.units.run(async (uow) => {
      const session = await uow.load(Session, sid);
      if (session && !session.endedAt) await this.#end(session, uow);
    });
  }

  async #end(session: Session, uow: UnitOfWork): Promise<void> {
    session.endedAt = uow.now();
    await uow.save(Session, session);
    this.announceEnd(session.sid, uow);
  }

  /** Access tokens of a session are good until they expire; this makes every service refuse them. */
  announceEnd(sid: string, uow: UnitOfWork): void {
    const tokensValidUntil = this.clock
      .fromNow(this.config.ACCESS_TOKEN_SECONDS * 1_000)
      .toISOString();
    publish(uow, SessionEnded, sid, { sid, tokensValidUntil });
  }

  #tokens(account: Account, sid: string, secret: string): Token {
    const expiresInSeconds = this.config.ACCESS_TOKEN_SECONDS;
    const claims = { kind: account.kind, scope: scopesOf[account.kind], sid };
    const accessToken = this.key.sign(account.id, claims, expiresInSeconds);
    return { accessToken, refreshToken: `${sid}.${secret}`, expiresInSeconds, tokenType: 'Bearer' };
  }
}
