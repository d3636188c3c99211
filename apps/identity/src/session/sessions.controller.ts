import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Controller, Delete, Get, Header, HttpCode, Inject, Ip, Param } from '@nestjs/common';
import { errors } from '../account/account.errors.ts';
import type { Session } from './session.entity.ts';
import { Sessions } from './sessions.ts';

/** The caller's own sessions. */
@Controller('auth/sessions')
@RequireScope('account')
export class SessionsController {
  constructor(
    private readonly sessions: Sessions,
    private readonly units: UnitOfWorkRunner,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async list(@Caller() { id, sid }: CallerClaims) {
    const sessions = await this.sessions.list(id);
    return { items: sessions.map((each) => itemOf(each, each.sid === sid)) };
  }

  @Delete()
  @HttpCode(204)
  async endOthers(@Caller() { id, sid }: CallerClaims, @Ip() from: string): Promise<void> {
    await this.units.run((uow) => this.sessions.endOthers(id, sid, uow));
    const what = `sessions but ${sid}`;
    securityEvent(this.log, 'authn_token_revoked', { who: id, what, from });
  }

  @Delete(':id')
  @HttpCode(204)
  async end(
    @Caller() caller: CallerClaims,
    @Param('id', { schema: IdRequest }) sid: string,
    @Ip() from: string,
  ): Promise<void> {
    if (!(await this.sessions.end(sid, caller.id))) throw errors.sessionNotFound();
    const event = { who: caller.id, what: `session ${sid}`, from };
    securityEvent(this.log, 'authn_token_revoked', event);
  }
}

const itemOf = ({ sid, device, begunAt, refreshedAt, expiresAt }: Session, isCurrent: boolean) => ({
  id: sid,
  device,
  begunAt,
  refreshedAt,
  expiresAt,
  isCurrent,
});
