import {
  deliver,
  describeProviderPacts,
  type ProviderState,
} from '@fieldguide/contract-testing/provider';
import { hammock } from '@fieldguide/contracts/example-data';
import { ReleaseStock, ReserveStock } from '@fieldguide/contracts/inventory';
import { reserveStock } from '@fieldguide/contracts/inventory/examples';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { InventoryModule } from '../src/inventory.module.ts';
import { Reservation } from '../src/reservation/reservation.entity.ts';
import { ReserveStockHandler } from '../src/reserve-stock/reserve-stock.ts';
import { Stock } from '../src/stock/stock.entity.ts';

describeProviderPacts('inventory', InventoryModule, {
  callers: { staff: { id: 'the-staff', scope: 'stock:write' } },
  states: (app) => {
    const { manager } = app.get(Database).source;
    const units = app.get(UnitOfWorkRunner);
    const stock = (onHandUnits: number, reservedUnits = 0) => {
      const row = { productId: hammock, onHandUnits, reservedUnits };
      return units.run((uow) => uow.save(Stock, Object.assign(new Stock(), row)));
    };
    const reserve = ({ orderId = '' }) => {
      const { lines } = reserveStock.value;
      const handlers = [ReserveStockHandler];
      return deliver(app, handlers, ReserveStock, orderId, { orderId, lines });
    };
    const release = ({ orderId = '' }) =>
      deliver(app, [ReserveStockHandler], ReleaseStock, orderId, { orderId });
    /** The commands lead to a reservation with this status. */
    const reservation = (status: Reservation['status'], set: ProviderState['set']) => ({
      set,
      holds: ({ orderId = '' }) => manager.existsBy(Reservation, { orderId, status }),
    });
    return {
      'a product is in stock': {
        set: () => stock(12, 2),
        holds: ({ productId = '' }) => manager.existsBy(Stock, { productId }),
      },
      'stock was reserved': reservation('reserved', async (values) => {
        await stock(12);
        await reserve(values);
      }),
      'stock was insufficient': reservation('refused', reserve),
      'stock was released': reservation('released', async (values) => {
        await stock(12);
        await reserve(values);
        await release(values);
      }),
    };
  },
});
