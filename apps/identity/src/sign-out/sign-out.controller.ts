import { Caller, type CallerClaims } from '@fieldguide/auth';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Controller, Delete, HttpCode, Inject, Ip } from '@nestjs/common';
import { Sessions } from '../session/sessions.ts';

@Controller('auth/tokens')
export class SignOutController {
  constructor(
    private readonly sessions: Sessions,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Delete()
  @HttpCode(204)
  async signOut(@Caller() { id, sid }: CallerClaims, @Ip() from: string): Promise<void> {
    await this.sessions.end(sid);
    securityEvent(this.log, 'authn_token_revoked', { who: id, what: `session ${sid}`, from });
  }
}
