import { Ids } from '@fieldguide/clock';
import type { Token } from '@fieldguide/contracts/identity';
import { IdRequest } from '@fieldguide/contracts/money';
import { type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import { type Account, Account as AccountTable, scopesOf } from '../account/account.entity.ts';
import { errors } from '../account/account.errors.ts';
import { IdentityConfig } from '../identity.config.ts';
import { SigningKey } from '../public-keys/signing-key.ts';
import { announceEnd } from './announce-end.ts';
import { expiryOf, rotate } from './rotation.ts';
import { fingerprint, Secrets } from './secrets.ts';
import { Session } from './session.entity.ts';

const SESSIONS_MAX = 10_000;
const LISTED_MAX = 100;
const DEVICE_LENGTH_MAX = 200;

/** Where a request comes from. */
export interface Origin {
  /** The caller's address, as the gateway names it. */
  readonly address: string;
  /** The user agent. */
  readonly device?: string | undefined;
}

/** Stands for an address where one address must be recognised and none be known. */
export const addressHashOf = (address: string) => fingerprint(`address ${address}`);

@Injectable()
export class Sessions {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly config: IdentityConfig,
    private readonly key: SigningKey,
    private readonly ids: Ids,
    private readonly secrets: Secrets,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async begin(account: Account, { address, device }: Origin): Promise<Token> {
    const secret = this.secrets.text();
    const session = Object.assign(new Session(), {
      sid: this.ids.next(),
      accountId: account.id,
      refreshHash: fingerprint(secret),
      addressHash: addressHashOf(address),
      device: device?.slice(0, DEVICE_LENGTH_MAX) ?? null,
    });
    await this.units.run(async (uow) => {
      // Serialises with the account's erasure and a change of its password: one of the two comes first.
      const [present] = await uow.lock(AccountTable, [account.id]);
      if (present?.passwordHash !== account.passwordHash) throw errors.credentialsInvalid();
      session.begunAt = session.refreshedAt = await uow.databaseTime();
      session.expiresAt = expiryOf(session.begunAt, session.begunAt, this.config);
      await uow.save(Session, session);
    });
    return this.#tokens(account, session.sid, secret);
  }

  /** Accepts a refresh token once, and again for a few seconds. A later repeat was copied: the session ends. */
  async refresh(refreshToken: string, from: string): Promise<Token> {
    const [id, secret = ''] = refreshToken.split('.');
    const { data: sid } = IdRequest.safeParse(id);
    if (!sid) throw errors.sessionEnded();
    const refreshed = await this.units.run(async (uow) => {
      const [session] = await uow.lock(Session, [sid]);
      const now = await uow.databaseTime();
      if (!session || session.endedAt || session.expiresAt <= now) return undefined;
      const next = rotate(session, secret, now, this.secrets.text(), this.config);
      if (!next) {
        await this.#end(session, uow);
        const event = { who: session.accountId, what: `session ${sid}`, from };
        uow.afterCommit(() => securityEvent(this.log, 'authn_token_reuse', event));
        return undefined;
      }
      await uow.save(Session, session);
      const account = await uow.load(AccountTable, session.accountId);
      return account && { account, next };
    });
    if (!refreshed) throw errors.sessionEnded();
    return this.#tokens(refreshed.account, sid, refreshed.next);
  }

  /** The customer's sessions that have not ended, the newest first. */
  async list(accountId: string): Promise<Session[]> {
    return this.units.run(async (uow) => {
      const sessions = await uow.find(Session, { accountId }, SESSIONS_MAX);
      const now = await uow.databaseTime();
      const open = sessions.filter(({ endedAt, expiresAt }) => !endedAt && expiresAt > now);
      return open
        .toSorted((a, b) => b.refreshedAt.getTime() - a.refreshedAt.getTime())
        .slice(0, LISTED_MAX);
    });
  }

  /** @param accountId the owner, if it must be theirs @returns false when there is no such session */
  async end(sid: string, accountId?: string): Promise<boolean> {
    return this.units.run(async (uow) => {
      const [session] = await uow.lock(Session, [sid]);
      if (!session || session.endedAt || (accountId && session.accountId !== accountId))
        return false;
      await this.#end(session, uow);
      return true;
    });
  }

  /** Ends all sessions of the account but one. */
  async endOthers(accountId: string, sid: string, uow: UnitOfWork): Promise<void> {
    const all = await uow.find(Session, { accountId }, SESSIONS_MAX);
    const others = all.filter((each) => each.sid !== sid && !each.endedAt).map(({ sid }) => sid);
    for (const session of await uow.lock(Session, others))
      if (!session.endedAt) await this.#end(session, uow);
  }

  async #end(session: Session, uow: UnitOfWork): Promise<void> {
    session.endedAt = uow.now();
    await uow.save(Session, session);
    announceEnd(uow, session.sid, this.config);
  }

  #tokens(account: Account, sid: string, secret: string): Token {
    const expiresInSeconds = this.config.ACCESS_TOKEN_SECONDS;
    const claims = { kind: account.kind, scope: scopesOf[account.kind], sid };
    const accessToken = this.key.sign(account.id, claims, expiresInSeconds);
    return { accessToken, refreshToken: `${sid}.${secret}`, expiresInSeconds, tokenType: 'Bearer' };
  }
}
