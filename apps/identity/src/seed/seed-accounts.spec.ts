import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { outboxOf } from '@fieldguide/messaging/testing';
import { expect, it } from 'vitest';
import { Client } from '../client/client.entity.ts';
import { AccountSeeder } from './seed-accounts.ts';

it('a new secret of a client ends the tokens of the old one, and seeding again does not', async () => {
  const [clock, ids] = [new ManualClock(), new CountingIds()];
  const units = new MemoryUnitOfWorkRunner({ service: 'identity', clock, ids });
  const seed = async (secret: string) => {
    const CLIENTS = JSON.stringify({ shipping: { secret, scopes: [] } });
    const config = { CLIENTS, ACCESS_TOKEN_SECONDS: 600 } as never;
    const seeder = new AccountSeeder(config, { ENVIRONMENT: 'test' } as never, ids);
    await units.run((uow) => seeder.seed(uow));
    return (await units.load(Client, 'shipping'))!.sid;
  };
  const first = await seed('one');
  expect(await seed('one')).toBe(first);
  expect(outboxOf(units)).toEqual([]);
  expect(await seed('another')).not.toBe(first);
  expect(outboxOf(units).map(({ envelope }) => envelope.subject)).toEqual([first]);
});
