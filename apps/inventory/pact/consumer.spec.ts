import {
  ConsumerPacts,
  consumerOf,
  expectsOfIdentity,
  unitsFor,
} from '@fieldguide/contract-testing';
import { hammock, orderId } from '@fieldguide/contracts/cast';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';
import { releaseStock, reserveStock } from '@fieldguide/contracts/inventory/examples';
import { orderCompleted } from '@fieldguide/contracts/ordering/examples';
import { describe, expect, it } from 'vitest';
import { Completed, WhenOrderCompleted } from '../src/on-order-completed/on-order-completed.ts';
import { Reservation } from '../src/reservation/reservation.entity.ts';
import { Release, Reserve, WhenStockIsRequested } from '../src/reserve-stock/reserve-stock.ts';
import { Stock } from '../src/stock/stock.entity.ts';

const inventory = new ConsumerPacts('inventory');

expectsOfIdentity(inventory, { keySet, sessionEnded });

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
    const hear = consumerOf(
      'inventory',
      units,
      new WhenStockIsRequested(),
      new WhenOrderCompleted(),
    );
    const stock = async () => (await units.run((uow) => uow.load(Stock, hammock)))!;
    return { hear, stock };
  }

  it('hears what to set aside', async () => {
    const { hear, stock } = await stocked();
    const given = ['an order was placed', { orderId }] as const;
    await inventory.hears('ordering', { ...about, given, hears: Reserve, of: reserveStock }, hear);
    expect(await stock()).toMatchObject({ onHandUnits: 10, freeUnits: 8 });
  });
  it('hears what to give back', async () => {
    const { hear, stock } = await stocked('reserved');
    const given = ['an order was cancelled', { orderId }] as const;
    await inventory.hears('ordering', { ...about, given, hears: Release, of: releaseStock }, hear);
    expect(await stock()).toMatchObject({ onHandUnits: 10, freeUnits: 10 });
  });
  it('hears what has left', async () => {
    const { hear, stock } = await stocked('reserved');
    const given = ['an order was completed', { orderId }] as const;
    const fact = { ...about, given, hears: Completed, of: orderCompleted };
    await inventory.hears('ordering', fact, hear);
    expect(await stock()).toMatchObject({ onHandUnits: 8, freeUnits: 8 });
  });
});
