import { defineService } from '@fieldguide/service';
import { IdentityTables1760000002000 } from '../migrations/1760000002000-identity-tables.ts';
import { SessionEnds1760000012001 } from '../migrations/1760000012001-session-ends.ts';
import { Account } from './account/account.entity.ts';
import { Client } from './client/client.entity.ts';
import { IdentityConfig } from './identity.config.ts';
import { IdentityModule } from './identity.module.ts';
import { SigningKey } from './public-keys/signing-key.ts';
import { seedAccounts } from './seed/seed-accounts.ts';
import { Session } from './session/session.entity.ts';
import { sessionRetention } from './session/session.retention.ts';

export const identity = defineService({
  name: 'identity',
  config: IdentityConfig,
  module: IdentityModule,
  database: {
    entities: [Account, Session, Client],
    migrations: [IdentityTables1760000002000, SessionEnds1760000012001],
    retention: () => [sessionRetention],
    seed: seedAccounts,
  },
  keys: (settings) => new SigningKey(settings),
});
