import { describeProviderPacts, type ProviderState } from '@fieldguide/contract-testing/provider';
import { ada, shipTo } from '@fieldguide/contracts/example-data';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { eventFeedReader } from '@fieldguide/event-publishing';
import { EventStore } from '@fieldguide/event-store';
import { runBatch } from '@fieldguide/event-store/parts';
import { recordedAs, rowsAfter } from '@fieldguide/event-store/testing';
import { DeliveryAddress } from '../src/customer-data/customer-data.ts';
import { EraseCustomers } from '../src/customer-data/erase-customers.ts';
import type { OrderEvent } from '../src/order/order.events.ts';
import * as history from '../src/order/order.examples.ts';
import { orderSummary } from '../src/order-summary/order-summary.projection.ts';
import { OrderingModule } from '../src/ordering.module.ts';
import { PriceFreshness } from '../src/prices/price-freshness.ts';
import { ProductPrice } from '../src/prices/product-price.entity.ts';
import { orderMessages } from '../src/publish-orders/publish-orders.ts';
import { Sales } from '../src/sales/sales.entity.ts';
import { sales } from '../src/sales/sales.projection.ts';

const placed = [history.orderPlaced];
const hasStock = [...placed, history.stockReserved];
const paidFor = [...hasStock, history.paymentAuthorised, history.orderConfirmed];
const { hammock } = history;

describeProviderPacts('ordering', OrderingModule, {
  callers: {
    customer: { id: ada, scope: 'orders:read orders:write' },
    staff: { id: 'the-staff', scope: 'orders:read:any' },
    service: { id: 'shipping', scope: 'orders:address:read' },
  },
  publishedMessages: async (app) => {
    const reader = eventFeedReader(
      'publish-orders',
      app.get(EventStore),
      'ordering',
      orderMessages,
    );
    return (await reader.read()).messages;
  },
  states: (app) => {
    const { manager } = app.get(Database).source;
    const units = app.get(UnitOfWorkRunner);
    const events = app.get(EventStore);
    const price = (row: Partial<ProductPrice>): ProviderState => ({
      set: async ({ productId = '' }) => {
        const known = { productId, name: hammock.name, price: hammock.unitPrice, revision: 1 };
        const all = Object.assign(new ProductPrice(), known, row);
        await units.run((uow) => uow.save(ProductPrice, all));
        await app.get(PriceFreshness).check();
      },
      holds: ({ productId = '' }) => manager.existsBy(ProductPrice, { productId, ...row }),
    });
    /** An order with these past events: in the event log, the projection and the address table. */
    const order = (past: readonly OrderEvent[], customerId = ada): ProviderState => ({
      set: async ({ orderId = '' }) => {
        const [first, ...later] = past;
        const data = [{ ...first!, data: { ...first!.data, orderId, customerId } }, ...later];
        await events.append({ stream: `order-${orderId}`, expected: 0, events: data });
        const address = Object.assign(new DeliveryAddress(), { orderId, customerId, shipTo });
        await units.run((uow) => uow.save(DeliveryAddress, address));
        while (await runBatch(orderSummary, events, units));
      },
      holds: async ({ orderId = '' }) =>
        (await events.read(`order-${orderId}`)).length === past.length,
    });
    const isPlaced = order(placed);
    return {
      'a product can be ordered': price({ retired: false }),
      'a product is retired': price({ retired: true }),
      'an order was placed': isPlaced,
      'another customer has placed an order': order(placed, '01900000-0000-7000-9000-0000000000e1'),
      'an order has its stock': order(hasStock),
      'an order was paid for': order(paidFor),
      'an order was dispatched': order([...paidFor, history.shipmentDispatched]),
      'an order was completed': order(history.happyPath),
      'a product was sold': {
        set: () => {
          const rows = rowsAfter(sales, recordedAs('order-1', history.happyPath)); // on the day of the examples
          return units.run((uow) => uow.saveAll(Sales, rows));
        },
        holds: ({ productId = '', day = '' }) => manager.existsBy(Sales, { productId, day }),
      },
      'an order was rejected': order([...placed, history.stockRefused, history.rejectedOutOfStock]),
      'an order is to be cancelled after it was paid for': order([
        ...paidFor,
        history.cancellationRequested,
      ]),
      'an order was cancelled': order([
        ...paidFor,
        history.cancellationRequested,
        history.shipmentCancelled,
        history.cancelled,
      ]),
      'the customer of an order was erased': {
        set: async (values) => {
          await isPlaced.set?.(values);
          await units.run((tx) => app.get(EraseCustomers).erase(ada, tx));
        },
        holds: async ({ orderId = '' }) =>
          (await events.read(`order-${orderId}`)).length > 0 &&
          !(await manager.existsBy(DeliveryAddress, { orderId })),
      },
    };
  },
});
