import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { CustomerErased, SessionEnded } from '@fieldguide/contracts/identity';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { outboxOf } from '@fieldguide/messaging/testing';
import { makeLog } from '@fieldguide/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { Account } from '../account/account.entity.ts';
import { Secrets } from '../session/secrets.ts';
import { Session } from '../session/session.entity.ts';
import { Sessions } from '../session/sessions.ts';
import { EraseAccountController } from './erase-account.controller.ts';

const log = makeLog('identity', 'identity-1', 'silent');
const ada = '01900000-0000-7000-9000-000000000001';
const bo = '01900000-0000-7000-9000-000000000003';
let units: MemoryUnitOfWorkRunner;
let sessions: Sessions;
let controller: EraseAccountController;
beforeEach(async () => {
  const [clock, ids] = [new ManualClock(), new CountingIds()];
  units = new MemoryUnitOfWorkRunner({ service: 'identity', clock, ids });
  const config = { ACCESS_TOKEN_SECONDS: 600, SESSION_DAYS: 30, SESSION_IDLE_DAYS: 7 } as never;
  const key = { sign: () => 'a token' } as never;
  sessions = new Sessions(units, config, key, ids, new Secrets(), log);
  controller = new EraseAccountController(units, config, log);
  for (const [id, email] of [
    [ada, 'ada@fieldguide.test'],
    [bo, 'bo@fieldguide.test'],
  ] as const) {
    const row = { id, email, name: 'Ada', kind: 'customer', passwordHash: 'hash' };
    const account = Object.assign(new Account(), row);
    await units.run((uow) => uow.save(Account, account));
    await sessions.begin(account, { address: '192.0.2.1' });
    await sessions.begin(account, { address: '192.0.2.1' });
  }
});
const erase = (id: string) => controller.erase({ id } as never, '192.0.2.1');
const published = () => outboxOf(units).map(({ envelope }) => envelope);

describe('erasing an account', () => {
  it('deletes it with its sessions, and no other account', async () => {
    expect(await erase(ada)).toEqual({ customerId: ada });
    const left = await units.run(async (uow) => ({
      accounts: await uow.find(Account, {}, 10),
      sessions: await uow.find(Session, {}, 10),
    }));
    expect(left.accounts.map(({ id }) => id)).toEqual([bo]);
    expect(left.sessions.map(({ accountId }) => accountId)).toEqual([bo, bo]);
  });
  it('ends every session in every service, and publishes the erasure by id alone', async () => {
    await erase(ada);
    expect(published().map(({ type }) => type)).toEqual([
      'SessionEnded',
      'SessionEnded',
      'CustomerErased',
    ]);
    for (const { type, data } of published())
      (type === 'CustomerErased' ? CustomerErased : SessionEnded).data.strict().parse(data);
    expect(JSON.stringify(published())).not.toMatch(/ada@/);
  });
  it('leaves no session of a sign-in at the same moment', async () => {
    const account = await units.run((uow) => uow.load(Account, ada));
    await erase(ada);
    await expect(sessions.begin(account!, { address: '192.0.2.1' })).rejects.toMatchObject({
      code: 'identity.credentialsInvalid',
    });
  });
  it('twice publishes it once', async () => {
    await erase(ada);
    await erase(ada);
    expect(published().filter(({ type }) => type === 'CustomerErased')).toHaveLength(1);
  });
});
