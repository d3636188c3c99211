import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { shipTo } from '@fieldguide/contracts/example-data';
import { type Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import {
  Checkpoint,
  eventStoreMigrations,
  PostgresEventStore,
} from '@fieldguide/event-store/parts';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { OrderingTables1760000002000 } from '../../migrations/1760000002000-ordering-tables.ts';
import { OpenCheckouts1760000003000 } from '../../migrations/1760000003000-open-checkouts.ts';
import { Admission } from '../admission/admission.ts';
import { deadlines } from '../checkout/checkout.model.ts';
import { CheckoutDeadlines, OpenCheckout } from '../checkout/checkout-deadlines.ts';
import { DeliveryAddress, ErasedCustomer } from '../customer-data/customer-data.ts';
import { ada, hammock } from '../order/order.examples.ts';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { Prices } from '../prices/prices.ts';
import { PlaceOrderHandler } from './place-order.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const ROUNDS = 20;

/** Returns once `count` callers wait: by then each has seen that there is no such order yet. */
class MeetingPrices extends Prices {
  #missing: number;
  readonly #met = Promise.withResolvers<void>();

  constructor(count: number) {
    super();
    this.#missing = count;
  }

  override async priced(lines: readonly { productId: string; quantity: number }[]) {
    if (--this.#missing === 0) this.#met.resolve();
    await this.#met.promise;
    const { name, unitPrice } = hammock;
    const priced = lines.map((line) => ({ ...line, name, unitPrice }));
    return { lines: priced, total: unitPrice, asOf: clock.now() };
  }
}

let database: Database;
let units: PostgresUnitOfWorkRunner;
let events: PostgresEventStore;
let orders: OrderCommandHandler;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_place_order', {
    entities: [Checkpoint, DeliveryAddress, ErasedCustomer, OpenCheckout],
    migrations: [...eventStoreMigrations, OrderingTables1760000002000, OpenCheckouts1760000003000],
  });
  const notifier = new MemoryNotifier(clock);
  units = new PostgresUnitOfWorkRunner(database, { service: 'ordering', clock, ids }, notifier);
  events = new PostgresEventStore(database, clock, ids, notifier);
  orders = new OrderCommandHandler(events, new CheckoutDeadlines(deadlines as never));
});
afterAll(() => database.close());

const to = (city: string) => ({
  lines: [{ productId: hammock.productId, quantity: 2 }],
  payment: { token: 'tok_ok' },
  shipTo: { ...shipTo, city },
});

/** Places them with one key in the same moment. */
async function meet(...cities: string[]) {
  const key = ids.next();
  const prices = new MeetingPrices(cities.length);
  const placing = new PlaceOrderHandler(units, orders, prices, new Admission({} as never, clock));
  const all = await Promise.allSettled(cities.map((city) => placing.handle(ada, key, to(city))));
  const placed = all.flatMap((each, at) => (each.status === 'fulfilled' ? [cities[at]] : []));
  const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));
  const results = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return { placed, refused, results };
}

describe('two repeats of an order in the same moment', () => {
  it('get one order', async () => {
    const { results } = await meet('Bern', 'Bern');
    expect(results).toHaveLength(2);
    expect(results[0]).toEqual(results[1]);
  });

  it('to different addresses: one gets it, the other is refused', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { placed, refused, results } = await meet('Bern', 'Basel');
      expect(refused).toEqual(['ordering.idempotencyKeyReused']);
      const orderId = results[0]!.order.id;
      const address = await units.run((tx) => tx.load(DeliveryAddress, orderId));
      expect(address?.shipTo.city).toBe(placed[0]);
    }
  });
});
