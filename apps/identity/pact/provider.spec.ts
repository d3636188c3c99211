import { generateKeyPairSync } from 'node:crypto';
import type { CallerClaims } from '@fieldguide/auth';
import { Clock } from '@fieldguide/clock';
import { describeProviderPacts } from '@fieldguide/contract-testing/provider';
import { ada, sid } from '@fieldguide/contracts/example-data';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { Account } from '../src/account/account.entity.ts';
import { Passwords } from '../src/account/passwords.ts';
import { Client } from '../src/client/client.entity.ts';
import { EraseAccountController } from '../src/erase-account/erase-account.controller.ts';
import { IdentityModule } from '../src/identity.module.ts';
import { SigningKey } from '../src/public-keys/signing-key.ts';
import { fingerprint } from '../src/session/secrets.ts';
import { Session } from '../src/session/session.entity.ts';
import { Sessions } from '../src/session/sessions.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describeProviderPacts('identity', IdentityModule, {
  env: {
    SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    CLIENTS: JSON.stringify({ shipping: { secret: '', scopes: ['orders:address:read'] } }),
  },
  callers: { customer: { id: ada, scope: 'account accounts:erase' } },
  mint: (app, { id, scope, kind }) => app.get(SigningKey).sign(id, { kind, scope, sid }, 600),
  states: (app) => {
    const { manager } = app.get(Database).source;
    const units = app.get(UnitOfWorkRunner);
    const isKnown = ({ customerId = ada }) => manager.existsBy(Account, { id: customerId });
    const register = async ({
      customerId: id = ada,
      email = 'ada@fieldguide.test',
      password = 'correct horse',
    }) => {
      const passwordHash = await app.get(Passwords).hash(password);
      const account = { id, email, name: 'Ada', kind: 'customer', passwordHash };
      await units.run((uow) => uow.save(Account, Object.assign(new Account(), account)));
    };
    const signIn = async (values: Record<string, string>) => {
      await register(values);
      const row = { sid, accountId: ada, refreshHash: fingerprint('secret') };
      const times = { begunAt: app.get(Clock).now(), refreshedAt: app.get(Clock).now() };
      const session = {
        ...row,
        ...times,
        device: 'Firefox',
        expiresAt: app.get(Clock).fromNow(60_000),
      };
      await units.run((uow) => uow.save(Session, Object.assign(new Session(), session)));
    };
    const isSignedIn = () => manager.existsBy(Session, { sid });
    const hasEnded = async () => (await manager.findOneBy(Session, { sid }))?.endedAt != null;
    const hasPublished = async () => (await manager.query('SELECT FROM outbox')).length > 0;
    return {
      'no account has this address': {
        holds: async ({ email = '' }) => !(await manager.existsBy(Account, { email })),
      },
      'a customer is registered': { set: register, holds: isKnown },
      'a customer has another password': { set: register, holds: isKnown },
      'a customer is signed in': { set: signIn, holds: isSignedIn },
      'a session has ended': {
        set: async (values) => {
          await signIn(values);
          await app.get(Sessions).end(sid);
        },
        holds: hasEnded,
      },
      'a customer was erased': {
        set: async (values) => {
          await signIn(values);
          await app.get(EraseAccountController).erase({ id: ada } as CallerClaims, '192.0.2.1');
        },
        holds: async (values) => !(await isKnown(values)) && (await hasPublished()),
      },
      'a service is known': {
        set: ({ clientId: id = '', clientSecret = '' }) => {
          const row = { id, sid, secretHash: fingerprint(clientSecret) };
          const client = Object.assign(new Client(), row);
          return units.run((uow) => uow.save(Client, client));
        },
        holds: ({ clientId: id = '' }) => manager.existsBy(Client, { id }),
      },
    };
  },
});
