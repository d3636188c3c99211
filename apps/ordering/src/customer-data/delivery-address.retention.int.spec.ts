import 'reflect-metadata';
import { type Database } from '@fieldguide/database';
import { pruneNext } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { eventStoreMigrations } from '@fieldguide/event-store/parts';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { OrderingTables1760000002000 } from '../../migrations/1760000002000-ordering-tables.ts';
import { OpenCheckouts1760000003000 } from '../../migrations/1760000003000-open-checkouts.ts';
import { addressRetention } from './delivery-address.retention.ts';

let database: Database;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_address_retention', {
    migrations: [...eventStoreMigrations, OrderingTables1760000002000, OpenCheckouts1760000003000],
  });
});
afterAll(() => database.close());

const orders = {
  'ended long ago': ['completed', 31, false],
  'ended a while ago': ['completed', 29, false],
  'rejected long ago': ['rejected', 31, false],
  'ended long ago, and still compensating': ['cancelled', 31, true],
  'confirmed long ago': ['confirmed', 31, true],
} as const;

it('deletes an address 30 days after its order has ended, unless the order has an open checkout', async () => {
  const ids = new Map<string, string>();
  for (const [at, [name, [status, days, isOpen]]] of Object.entries(orders).entries()) {
    const id = `00000000-0000-8000-8000-00000000000${at}`;
    ids.set(id, name);
    await database.query("INSERT INTO delivery_addresses VALUES ($1, $1, '{}', 1)", [id]);
    await database.query(
      `INSERT INTO order_summary VALUES ($1, $1, $2, NULL, '[]', '{}', 'none', NULL, now(), now() - $3 * interval '1 day', 1, 1)`,
      [id, status, days],
    );
    if (isOpen)
      await database.query(
        "INSERT INTO open_checkouts VALUES ($1, 'undoing', now(), now(), NULL, 0, 1)",
        [id],
      );
  }
  const config = { ADDRESS_RETENTION_DAYS: 30 };
  await pruneNext(database, addressRetention(config));
  const left = await database.query<{ id: string }>(
    'SELECT order_id AS id FROM delivery_addresses ORDER BY 1',
  );
  expect(left.map(({ id }) => ids.get(id))).toEqual([
    'ended a while ago',
    'ended long ago, and still compensating',
    'confirmed long ago',
  ]);
  config.ADDRESS_RETENTION_DAYS = 28; // a live setting
  await pruneNext(database, addressRetention(config));
  expect(await database.query('SELECT FROM delivery_addresses')).toHaveLength(2);
});
