import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { Controller, Delete, Get, Header, HttpCode, Param } from '@nestjs/common';
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
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async list(@Caller() { id, sid }: CallerClaims) {
    const sessions = await this.sessions.list(id);
    return { items: sessions.map((each) => itemOf(each, each.sid === sid)) };
  }

  @Delete()
  @HttpCode(204)
  async endOthers(@Caller() { id, sid }: CallerClaims): Promise<void> {
    await this.units.run((uow) => this.sessions.endOthers(id, sid, uow));
  }

  @Delete(':id')
  @HttpCode(204)
  async end(
    @Caller() caller: CallerClaims,
    @Param('id', { schema: IdRequest }) sid: string,
  ): Promise<void> {
    if (!(await this.sessions.end(sid, caller.id))) throw errors.sessionNotFound();
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
