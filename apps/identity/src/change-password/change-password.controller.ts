import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { PasswordChange } from '@fieldguide/contracts/identity';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Body, Controller, HttpCode, Inject, Ip, Put } from '@nestjs/common';
import { Account } from '../account/account.entity.ts';
import { errors } from '../account/account.errors.ts';
import { checkPassword } from '../account/password-rules.ts';
import { Passwords } from '../account/passwords.ts';
import { Sessions } from '../session/sessions.ts';
import { attemptOf, SignInThrottle } from '../sign-in/sign-in-throttle.ts';

/** Changes the password and ends every other session, also that of a thief who knew the old password. */
@Controller('auth/password')
export class ChangePasswordController {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly passwords: Passwords,
    private readonly throttle: SignInThrottle,
    private readonly sessions: Sessions,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @RequireScope('account')
  @Put()
  @HttpCode(204)
  async change(
    @Caller() { id, sid }: CallerClaims,
    @Body({ schema: PasswordChange }) { currentPassword, newPassword }: PasswordChange,
    @Ip() from: string,
  ): Promise<void> {
    const account = await this.units.load(Account, id);
    if (!account) throw errors.sessionEnded();
    // A stolen token must not allow more guesses than a sign-in does.
    const isRight = await this.throttle.run(attemptOf(account.email, from, true), () =>
      this.passwords.matches(currentPassword, account.passwordHash),
    );
    if (!isRight) {
      securityEvent(this.log, 'authn_password_change_fail', { who: id, from });
      throw errors.currentPasswordWrong();
    }
    checkPassword(newPassword, account.email);
    const passwordHash = await this.passwords.hash(newPassword);
    await this.units.run(async (uow) => {
      const [present] = await uow.lock(Account, [id]);
      if (present?.passwordHash !== account.passwordHash) throw errors.currentPasswordWrong();
      await uow.save(Account, Object.assign(present, { passwordHash }));
      await this.sessions.endOthers(id, sid, uow);
    });
    securityEvent(this.log, 'authn_password_change', { who: id, from });
  }
}
