import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { StockRefused, StockReleased, StockReserved } from '@fieldguide/contracts/inventory';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { outboxOf } from '@fieldguide/messaging/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { OnOrderCompleted } from '../on-order-completed/on-order-completed.ts';
import { Stock } from '../stock/stock.entity.ts';
import { ReserveStockHandler } from './reserve-stock.ts';

const [tent, mug] = [
  '01900000-0000-7000-8000-000000000001',
  '01900000-0000-7000-8000-000000000038',
];
const orderId = '01900000-0000-8000-8000-00000000000a';
const handler = new ReserveStockHandler();
const completed = new OnOrderCompleted();
let units: MemoryUnitOfWorkRunner;
beforeEach(async () => {
  units = new MemoryUnitOfWorkRunner({
    service: 'inventory',
    clock: new SystemClock(),
    ids: new SystemIds(),
  });
  await units.run(async (uow) => {
    await uow.save(Stock, Object.assign(new Stock(), { productId: tent, onHandUnits: 5 }));
    await uow.save(Stock, Object.assign(new Stock(), { productId: mug, onHandUnits: 1 }));
  });
});
const messageOf = <Data>(data: Data) => ({ data }) as never;
const reserve = (...lines: [string, number][]) =>
  units.run((uow) =>
    handler.reserve(
      messageOf({
        orderId,
        lines: lines.map(([productId, quantity]) => ({ productId, quantity })),
      }),
      uow,
    ),
  );
const release = () => units.run((uow) => handler.release(messageOf({ orderId }), uow));
const complete = () => units.run((uow) => completed.handle(messageOf({ orderId }), uow));
const free = async (productId: string) => {
  const stock = await units.run((uow) => uow.load(Stock, productId));
  return [stock!.onHandUnits, stock!.freeUnits];
};
const published = () => outboxOf(units).map(({ envelope }) => envelope.type);

describe('a reservation', () => {
  it('reserves all lines, and removes them from stock when the order is complete', async () => {
    await reserve([tent, 2], [mug, 1]);
    expect(published()).toEqual(['StockReserved']);
    StockReserved.data.parse(outboxOf(units)[0]!.envelope.data);
    expect(await free(tent)).toEqual([5, 3]);
    await complete();
    await complete();
    expect([await free(tent), await free(mug)]).toEqual([
      [3, 3],
      [0, 0],
    ]);
  });
  it('reserves nothing when one line is short, and reports which', async () => {
    await reserve([tent, 2], [mug, 2]);
    const { type, data } = outboxOf(units)[0]!.envelope;
    expect([type, StockRefused.data.parse(data)]).toEqual([
      'StockRefused',
      { orderId, reason: 'outOfStock', productIds: [mug] },
    ]);
    expect(await free(tent)).toEqual([5, 5]);
  });
  it('of an unknown product is refused', async () => {
    await reserve([orderId, 1]);
    expect(published()).toEqual(['StockRefused']);
  });
  it('is made once, however often the command arrives', async () => {
    await reserve([tent, 2]);
    await reserve([tent, 2]);
    expect(await free(tent)).toEqual([5, 3]);
    expect(published()).toEqual(['StockReserved', 'StockReserved']);
  });
  it('is released once', async () => {
    await reserve([tent, 2]);
    await release();
    await release();
    expect(await free(tent)).toEqual([5, 5]);
    StockReleased.data.parse(outboxOf(units)[1]!.envelope.data);
    expect(published()).toEqual(['StockReserved', 'StockReleased', 'StockReleased']);
  });
  it('is refused when the release came first', async () => {
    await release();
    await reserve([tent, 2]);
    expect(await free(tent)).toEqual([5, 5]);
    expect(published()).toEqual(['StockReleased', 'StockRefused']);
  });
  it('that was refused stays refused, also when there is stock by then', async () => {
    await reserve([tent, 9]);
    await reserve([tent, 1]);
    expect(published()).toEqual(['StockRefused', 'StockRefused']);
    expect(await free(tent)).toEqual([5, 5]);
  });
  it('stays shipped when a release comes too late: a person must look at that', async () => {
    await reserve([tent, 2]);
    await complete();
    await expect(release()).rejects.toThrow(/cannot be put back/);
    expect(await free(tent)).toEqual([3, 3]);
  });
});
