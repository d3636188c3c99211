import { Public } from '@fieldguide/auth';
import { Ids } from '@fieldguide/clock';
import { RegistrationRequest } from '@fieldguide/contracts/identity';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Body, Controller, Inject, Ip, Post } from '@nestjs/common';
import { Account } from '../account/account.entity.ts';
import { errors } from '../account/account.errors.ts';
import { checkPassword } from '../account/password-rules.ts';
import { Passwords } from '../account/passwords.ts';

@Controller('auth/registrations')
export class RegisterController {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly passwords: Passwords,
    private readonly ids: Ids,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Public()
  @Post()
  async register(
    @Body({ schema: RegistrationRequest }) { email, password, name }: RegistrationRequest,
    @Ip() from: string,
  ) {
    checkPassword(password, email);
    const passwordHash = await this.passwords.hash(password);
    return this.units.run(async (uow) => {
      const [taken] = await uow.find(Account, { email }, 1);
      if (taken) throw errors.emailTaken();
      const id = this.ids.next();
      const account = Object.assign(new Account(), {
        id,
        email,
        name,
        kind: 'customer',
        passwordHash,
      });
      uow.afterCommit(() => securityEvent(this.log, 'user_created', { who: id, from }));
      await uow.save(Account, account); // a race for the same address moves on, and is refused the second time
      return { customerId: id };
    });
  }
}
