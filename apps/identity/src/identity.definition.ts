import { defineService } from '@fieldguide/service';
import { IdentityTables1760000002000 } from '../migrations/1760000002000-identity-tables.ts';
import { Account } from './account/account.entity.ts';
import { Client } from './client/client.entity.ts';
import { IdentityConfig } from './identity.config.ts';
import { IdentityModule } from './identity.module.ts';
import { SigningKey } from './public-keys/signing-key.ts';
import { seedAccounts } from './seed/seed-accounts.ts';
import { Session } from './session/session.entity.ts';

export const identity = defineService({
  name: 'identity',
  config: IdentityConfig,
  module: IdentityModule,
  database: {
    entities: [Account, Session, Client],
    migrations: [IdentityTables1760000002000],
    seed: seedAccounts,
  },
  keys: (settings) => new SigningKey(settings),
});
