import {
  ConsumerPacts,
  consumerOf,
  describeIdentityPacts,
  unitsFor,
} from '@fieldguide/contract-testing';
import { hammock, orderId } from '@fieldguide/contracts/example-data';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';
import { releaseStock, reserveStock } from '@fieldguide/contracts/inventory/examples';
import { orderCompleted } from '@fieldguide/contracts/ordering/examples';
import { describe, expect, it } from 'vitest';
import { Completed, OnOrderCompleted } from '../src/on-order-completed/on-order-completed.ts';
import { Reservation } from '../src/reservation/reservation.entity.ts';
import { Release, Reserve, ReserveStockHandler } from '../src/reserve-stock/reserve-stock.ts';
import { Stock } from '../src/stock/stock.entity.ts';

const inventory = new ConsumerPacts('inventory');

describeIdentityPacts(inventory, { keySet, sessionEnded });

describe('inventory, of ordering,', () => {
  const about = { subject: orderId } as const;

  async function stocked(status?: Reservation['status']) {
    const units = unitsFor('inventory');
    await units.run(async (uow) => {
      const stock = { productId: hammock, onHandUnits: 10, reservedUnits: status ? 2 : 0 };
      await uow.save(Stock, Object.assign(new Stock(), stock));
      const lines = [{ productId: hammock, quantity: 2 }];
      if (status)
        await uow.save(Reservation, Object.assign(new Reservation(), { orderId, status, lines }));
    });
    const receive = consumerOf(
      'inventory',
      units,
      new ReserveStockHandler(),
      new OnOrderCompleted(),
    );
    const stock = async () => (await units.run((uow) => uow.load(Stock, hammock)))!;
    return { receive, stock };
  }

  it('consumes the command to reserve stock', async () => {
    const { receive, stock } = await stocked();
    const given = ['an order was placed', { orderId }] as const;
    await inventory.message(
      'ordering',
      { ...about, given, message: Reserve, of: reserveStock },
      receive,
    );
    expect(await stock()).toMatchObject({ onHandUnits: 10, freeUnits: 8 });
  });
  it('consumes the command to release stock', async () => {
    const { receive, stock } = await stocked('reserved');
    const given = ['an order was cancelled', { orderId }] as const;
    await inventory.message(
      'ordering',
      { ...about, given, message: Release, of: releaseStock },
      receive,
    );
    expect(await stock()).toMatchObject({ onHandUnits: 10, freeUnits: 10 });
  });
  it('consumes completed orders', async () => {
    const { receive, stock } = await stocked('reserved');
    const given = ['an order was completed', { orderId }] as const;
    const message = { ...about, given, message: Completed, of: orderCompleted };
    await inventory.message('ordering', message, receive);
    expect(await stock()).toMatchObject({ onHandUnits: 8, freeUnits: 8 });
  });
});
