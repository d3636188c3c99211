import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { CustomerErased } from '@fieldguide/contracts/identity';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { publish } from '@fieldguide/messaging';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Controller, Delete, HttpCode, Inject, Ip } from '@nestjs/common';
import { Account } from '../account/account.entity.ts';
import { IdentityConfig } from '../identity.config.ts';
import { announceEnd } from '../session/announce-end.ts';
import { Session } from '../session/session.entity.ts';

const SESSIONS_MAX = 10_000;

/** Deletes everything about the customer here; other services delete theirs when they receive `CustomerErased`. */
@Controller('accounts/me')
export class EraseAccountController {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly config: IdentityConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @RequireScope('accounts:erase')
  @Delete()
  @HttpCode(202)
  async erase(
    @Caller() { id: customerId }: CallerClaims,
    @Ip() from: string,
  ): Promise<{ customerId: string }> {
    await this.units.run(async (uow) => {
      const [account] = await uow.lock(Account, [customerId]);
      if (!account) return; // a repeat
      const sessions = await uow.find(Session, { accountId: customerId }, SESSIONS_MAX);
      for (const { sid } of sessions) announceEnd(uow, sid, this.config);
      await uow.remove(Session, { accountId: customerId });
      await uow.remove(Account, { id: customerId });
      uow.afterCommit(() => securityEvent(this.log, 'user_deleted', { who: customerId, from }));
      publish(uow, CustomerErased, customerId, { customerId });
    });
    return { customerId };
  }
}
