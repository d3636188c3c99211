import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import type { Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { FixedRegistry } from '@fieldguide/discovery';
import { MemoryMessaging, messageTables } from '@fieldguide/messaging/parts';
import { ServiceClient } from '@fieldguide/service';
import { MemoryNotifier } from '@fieldguide/workers';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  vi,
} from 'vitest';
import { OrderingTables1760000002000 } from '../../migrations/1760000002000-ordering-tables.ts';
import { PriceView1760000015000 } from '../../migrations/1760000015000-price-view.ts';
import { PriceFreshness } from './price-freshness.ts';
import { PriceView } from './price-view.entity.ts';
import { ProductPrice } from './product-price.entity.ts';
import { ProductPrices } from './product-prices.ts';

const KNOWN = '01900000-0000-7000-8000-000000000001';
const UNKNOWN = '01900000-0000-7000-8000-000000000002';
const NOT_SOLD = '01900000-0000-7000-8000-00000000dead';
const PRICE_AGE_MS_MAX = 3_600_000;

/** Advances the clock without waiting. */
class ShiftedClock extends SystemClock {
  shiftMs = 0;
  override now = () => new Date(Date.now() + this.shiftMs);
}

/** While Kafka is away, it is unknown how far behind the copy is. */
class Broker extends MemoryMessaging {
  isAway = false;
  override lag = async () => (this.isAway ? undefined : 0);
}

let database: Database;
let clock: ShiftedClock;
let broker: Broker;
let catalog: Server;
let calls: string[];
let isHeld = false;
let status: number;
let client: ServiceClient | undefined;
let freshness: PriceFreshness;
let prices: ProductPrices;
const units = () =>
  new PostgresUnitOfWorkRunner(
    database,
    { service: 'ordering', clock, ids: new SystemIds() },
    new MemoryNotifier(clock),
  );

beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_price_fallback', {
    entities: [...messageTables.entities, ProductPrice, PriceView],
    migrations: [...messageTables.migrations, OrderingTables1760000002000, PriceView1760000015000],
  });
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.query('TRUNCATE product_prices, price_view, dead_letters');
  [clock, calls, status] = [new ShiftedClock(), [], 200];
  broker = new Broker(clock);
  catalog = createServer(async ({ url }, response) => {
    calls.push(url!);
    await expect.poll(() => isHeld, { interval: 5 }).toBe(false);
    const id = url!.split('/').at(-1)!;
    const price = { amountMinor: 200, currency: 'EUR' };
    const offer = { id, name: 'Tent', price, retired: false };
    response.writeHead(id === NOT_SOLD ? 404 : status).end(JSON.stringify(offer));
  }).listen(0, '127.0.0.1');
  await once(catalog, 'listening');
  const row = { productId: KNOWN, name: 'Tent', retired: false, revision: 1 };
  const price = { amountMinor: 100, currency: 'EUR' };
  await units().run((uow) =>
    uow.save(ProductPrice, Object.assign(new ProductPrice(), row, { price })),
  );
  await start();
  await freshness.check();
});
afterEach(async () => {
  await client?.close();
  client = undefined;
  catalog.closeAllConnections();
  catalog.close();
});

/** Starts what a process of ordering has in memory. */
async function start(): Promise<void> {
  const { port } = catalog.address() as AddressInfo;
  const instance = {
    id: 'catalog-1',
    service: 'catalog',
    address: '127.0.0.1',
    port,
    version: '1',
  };
  await client?.close();
  client = new ServiceClient('ordering', undefined, new FixedRegistry([instance]), clock);
  freshness = new PriceFreshness(broker, database, units(), clock);
  prices = new ProductPrices(database, freshness, client, clock, { PRICE_AGE_MS_MAX } as never);
}

const total = async (...ids: string[]) => {
  const lines = ids.map((productId) => ({ productId, quantity: 1 }));
  return (await prices.priced(lines)).total.amountMinor;
};
const unavailable = { code: 'ordering.pricesUnavailable', status: 503 };
/** The copy is not fresh any more, and cannot be checked. */
const age = async (ms: number) => {
  broker.isAway = true;
  clock.shiftMs += ms;
  await freshness.check();
};

describe('a price', () => {
  it('comes from the copy while that is fresh', async () => {
    expect(await total(KNOWN)).toBe(100);
    expect(calls).toEqual([]);
  });

  it('comes from the catalog for an order with a product that the copy does not have', async () => {
    expect(await total(KNOWN, UNKNOWN)).toBe(400);
    expect(calls).toHaveLength(2);
  });

  it('comes from the catalog when the copy is not fresh', async () => {
    await age(16_000);
    expect(await total(KNOWN)).toBe(200);
  });

  it('does not exist for a product that the catalog does not have', async () => {
    await expect(total(NOT_SOLD)).rejects.toMatchObject({ code: 'ordering.productNotFound' });
  });

  it('is fetched once for concurrent orders', async () => {
    const lookups = vi.spyOn(freshness, 'isFresh');
    isHeld = true; // until all of them need the price
    const orders = Array.from({ length: 50 }, () => total(UNKNOWN));
    await expect.poll(() => lookups.mock.calls.length).toBe(50);
    isHeld = false;
    const all = await Promise.all(orders);
    expect(new Set(all)).toEqual(new Set([200]));
    expect(calls).toHaveLength(1);
    expect(await total(UNKNOWN)).toBe(200);
    expect(calls).toHaveLength(2);
  });
});

describe('without the catalog', () => {
  beforeEach(() => {
    status = 503;
  });

  it('a known product is sold at its last price, with the time of that price', async () => {
    const caughtUpAt = freshness.asOf([KNOWN]);
    await age(60_000);
    const { total, asOf } = await prices.priced([{ productId: KNOWN, quantity: 2 }]);
    expect(total.amountMinor).toBe(200);
    expect(asOf).toEqual(caughtUpAt);
  });

  it('and after a restart, too: copy and age are in the database', async () => {
    const caughtUpAt = freshness.asOf([KNOWN]);
    await start();
    await age(60_000);
    expect(await total(KNOWN)).toBe(100);
    expect(freshness.asOf([KNOWN])).toEqual(caughtUpAt);
    await database.query('DELETE FROM price_view');
    await start();
    await freshness.check();
    await expect(total(KNOWN)).rejects.toMatchObject(unavailable);
  });

  it('a copy that is too old is not used', async () => {
    await age(PRICE_AGE_MS_MAX + 1_000);
    await expect(total(KNOWN)).rejects.toMatchObject(unavailable);
  });

  it('an unknown product cannot be ordered, alone or with others', async () => {
    await expect(total(UNKNOWN)).rejects.toMatchObject(unavailable);
    await expect(total(KNOWN, UNKNOWN)).rejects.toMatchObject(unavailable);
  });

  it('nothing is sent to it while the circuit is open, and known products are sold', async () => {
    await age(60_000);
    const callsOfAnOrder = async () => {
      const sent = calls.length;
      await total(KNOWN);
      return calls.length - sent;
    };
    await expect.poll(callsOfAnOrder).toBe(0);
    await expect(total(UNKNOWN)).rejects.toMatchObject(unavailable);
    expect(await total(KNOWN)).toBe(100);
  });
});
