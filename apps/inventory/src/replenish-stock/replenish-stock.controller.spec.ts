import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { beforeEach, describe, expect, it } from 'vitest';
import { Stock } from '../stock/stock.entity.ts';
import { ReplenishStockController } from './replenish-stock.controller.ts';

const hammock = '01900000-0000-7000-8000-000000000014';
let units: MemoryUnitOfWorkRunner;
let controller: ReplenishStockController;
beforeEach(() => {
  units = new MemoryUnitOfWorkRunner({
    service: 'inventory',
    clock: new ManualClock(),
    ids: new CountingIds(),
  });
  controller = new ReplenishStockController(units);
});
const replenish = (key: string, count: number) =>
  controller.replenish({ id: 'grace' } as never, hammock, key, { units: count });
const onHandUnits = async () => (await units.run((uow) => uow.load(Stock, hammock)))?.onHandUnits;

describe('a replenishment', () => {
  it('adds units, and a repeat adds none', async () => {
    await replenish('first-key', 5);
    await replenish('first-key', 5);
    await replenish('other-key', 2);
    expect(await onHandUnits()).toBe(7);
  });
  it('with the key of another is refused', async () => {
    await replenish('first-key', 5);
    await expect(replenish('first-key', 6)).rejects.toMatchObject({
      code: 'inventory.idempotencyKeyReused',
    });
  });
  it('beyond what can be counted is refused', async () => {
    const stock = { productId: hammock, onHandUnits: 999_999_999 };
    await units.run((uow) => uow.save(Stock, Object.assign(new Stock(), stock)));
    await replenish('first-key', 1);
    await expect(replenish('other-key', 1)).rejects.toMatchObject({
      code: 'inventory.stockTooLarge',
    });
    expect(await onHandUnits()).toBe(1_000_000_000);
  });
});
