import { Ids } from '@fieldguide/clock';
import { ProcessConfig } from '@fieldguide/config';
import { Seeder, type UnitOfWork } from '@fieldguide/database';
import { Injectable } from '@nestjs/common';
import { Account } from '../account/account.entity.ts';
import { Passwords } from '../account/passwords.ts';
import { Client } from '../client/client.entity.ts';
import { clientsOf } from '../client/clients.ts';
import { IdentityConfig } from '../identity.config.ts';
import { announceEnd } from '../session/announce-end.ts';
import { fingerprint, Secrets } from '../session/secrets.ts';

const people = [
  {
    id: '01900000-0000-7000-9000-000000000001',
    email: 'ada@fieldguide.test',
    name: 'Ada',
    kind: 'customer',
  },
  {
    id: '01900000-0000-7000-9000-000000000002',
    email: 'grace@fieldguide.test',
    name: 'Grace',
    kind: 'staff',
  },
] as const;

/** Clients with the secrets this installation made; people with a known password only in `local`. */
@Injectable()
export class AccountSeeder extends Seeder {
  constructor(
    private readonly config: IdentityConfig,
    private readonly process: ProcessConfig,
    private readonly ids: Ids,
  ) {
    super();
  }

  override async seed(uow: UnitOfWork): Promise<void> {
    for (const [id, { secret }] of Object.entries(clientsOf(this.config))) {
      const client = (await uow.load(Client, id)) ?? Object.assign(new Client(), { id });
      if (client.secretHash === fingerprint(secret)) continue;
      // A new secret ends the tokens that were requested with the old one.
      if (client.sid) announceEnd(uow, client.sid, this.config);
      client.sid = this.ids.next();
      client.secretHash = fingerprint(secret);
      await uow.save(Client, client);
    }
    if (this.process.ENVIRONMENT !== 'local') return;
    const passwords = new Passwords(new Secrets());
    for (const person of people) {
      if (await uow.load(Account, person.id)) continue;
      const passwordHash = await passwords.hash('outdoor-gear');
      await uow.save(Account, Object.assign(new Account(), { ...person, passwordHash }));
    }
  }
}
