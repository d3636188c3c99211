import { Caller, type CallerClaims } from '@fieldguide/auth';
import { Controller, Delete, HttpCode } from '@nestjs/common';
import { Sessions } from '../session/sessions.ts';

@Controller('auth/tokens')
export class SignOutController {
  constructor(private readonly sessions: Sessions) {}

  @Delete()
  @HttpCode(204)
  async signOut(@Caller() caller: CallerClaims): Promise<void> {
    await this.sessions.end(caller.sid);
  }
}
