import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { ProductChanged } from '@fieldguide/contracts/catalog';
import { type Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import type { Envelope } from '@fieldguide/messaging';
import {
  DeadLetters,
  MemoryMessaging,
  MessageConsumer,
  messageTables,
} from '@fieldguide/messaging/parts';
import { handlersOf } from '@fieldguide/messaging/testing';
import { makeLog } from '@fieldguide/telemetry';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { OrderingTables1760000002000 } from '../../migrations/1760000002000-ordering-tables.ts';
import { PriceView1760000015000 } from '../../migrations/1760000015000-price-view.ts';
import { OnProductChanged } from './on-product-changed.ts';
import { PriceFreshness } from './price-freshness.ts';
import { PriceView } from './price-view.entity.ts';
import { ProductPrice } from './product-price.entity.ts';

const [tent, stove] = [
  '01900000-0000-7000-8000-000000000001',
  '01900000-0000-7000-8000-000000000002',
];
const ids = new SystemIds();
const log = makeLog('test', 'test', 'silent');

/** Advances the clock by an hour without waiting. */
class ShiftedClock extends SystemClock {
  shiftMs = 0;
  override now = () => new Date(Date.now() + this.shiftMs);
}

let database: Database;
let clock: ShiftedClock;
let messaging: MemoryMessaging;
let consumer: MessageConsumer;
let letters: DeadLetters;
let freshness: PriceFreshness;

beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_price_view', {
    entities: [...messageTables.entities, ProductPrice, PriceView],
    migrations: [...messageTables.migrations, OrderingTables1760000002000, PriceView1760000015000],
  });
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.query('TRUNCATE inbox, dead_letters, product_prices, price_view');
  clock = new ShiftedClock();
  messaging = new MemoryMessaging(clock);
  const units = new PostgresUnitOfWorkRunner(
    database,
    { service: 'ordering', clock, ids },
    new MemoryNotifier(clock),
  );
  consumer = new MessageConsumer('ordering', units, handlersOf(new OnProductChanged()), clock, log);
  letters = new DeadLetters(units, clock, log);
  freshness = new PriceFreshness(messaging, database, units, clock);
  await messaging.subscribe(
    [ProductChanged.topic],
    { mode: 'shared', group: 'ordering' },
    (records) => consumer.handle(records),
  );
});

const change = (productId: string, data: object): Envelope => ({
  specversion: '1.0',
  id: ids.next(),
  source: '/catalog',
  type: ProductChanged.type,
  subject: productId,
  time: clock.now().toISOString(),
  datacontenttype: 'application/json',
  data: { productId, ...data },
  correlationid: 'test',
});
const good = {
  name: 'Tent',
  price: { amountMinor: 24_900, currency: 'EUR' },
  retired: false,
  revision: 1,
};
const publish = async (...envelopes: Envelope[]) => {
  await messaging.publish(envelopes.map((envelope) => ({ topic: ProductChanged.topic, envelope })));
  await expect.poll(() => messaging.lag('ordering', [ProductChanged.topic])).toBe(0);
};

describe('the age of the prices', () => {
  it('does not advance for a product whose change is parked, and does for others', async () => {
    await publish(change(tent, good), change(stove, good));
    const before = clock.now();
    await publish(change(tent, { ...good, price: 'unreadable' }));
    await expect
      .poll(async () => (await database.query('SELECT FROM dead_letters')).length)
      .toBe(1);
    await freshness.check();
    const parkedAt = freshness.asOf([tent, stove])!;
    expect(parkedAt.getTime()).toBeGreaterThanOrEqual(before.getTime());

    clock.shiftMs = 60_000;
    await freshness.check();
    expect(freshness.asOf([tent])).toEqual(parkedAt);
    expect(freshness.isFresh([stove, tent])).toBe(false);
    expect(freshness.isFresh([stove])).toBe(true);
  });

  it('advances again when the parked change was redriven', async () => {
    await publish(change(tent, { ...good, price: 'unreadable' }));
    await expect
      .poll(async () => (await database.query('SELECT FROM dead_letters')).length)
      .toBe(1);
    clock.shiftMs = 60_000;
    await freshness.check();
    expect(freshness.isFresh([tent])).toBe(false);
    await database.query(
      `UPDATE dead_letters SET value = convert_to(
         jsonb_set(convert_from(value, 'UTF8')::jsonb, '{data}', $1::jsonb)::text, 'UTF8')`,
      [JSON.stringify({ productId: tent, ...good })],
    );
    expect(await letters.redriveKey(tent, 'grace', consumer)).toMatchObject({ redriven: 1 });
    await freshness.check();
    expect(freshness.isFresh([tent])).toBe(true);
  });
});
