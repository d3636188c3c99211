import { startLeasedWorker, startWorker } from '@fieldguide/database';
import {
  Checkpoint,
  EventStore,
  eventFeedReader,
  eventStoreMigrations,
  rebuildable,
  rebuildTask,
  runBatch,
  subscriptionBacklog,
} from '@fieldguide/event-store';
import { startRelay } from '@fieldguide/messaging';
import { defineService, watchBacklog, watchCount } from '@fieldguide/service';
import { metrics } from '@fieldguide/telemetry';
import { OrderingTables1760000002000 } from '../migrations/1760000002000-ordering-tables.ts';
import { OpenCheckouts1760000003000 } from '../migrations/1760000003000-open-checkouts.ts';
import { OverdueCheckouts1760000010100 } from '../migrations/1760000010100-overdue-checkouts.ts';
import { OpenCheckout } from './checkout/checkout-deadlines.ts';
import { ExpireDeadlines } from './checkout/expire-deadlines.ts';
import { checkoutsOverdue, countOverdue } from './checkout/overdue-checkouts.ts';
import { DeliveryAddress, ErasedCustomer } from './customer-data/customer-data.ts';
import { addressRetention } from './customer-data/delivery-address.retention.ts';
import { EraseCustomers } from './customer-data/erase-customers.ts';
import { orderUpcasters } from './order/order.upcasters.ts';
import { OrderSummary } from './order-summary/order-summary.entity.ts';
import { orderSummary } from './order-summary/order-summary.projection.ts';
import { PROJECTION_ADVANCED } from './order-summary/projection-waits.ts';
import { OrderingConfig } from './ordering.config.ts';
import { OrderingModule } from './ordering.module.ts';
import { PriceFreshness } from './prices/price-freshness.ts';
import { ProductPrice } from './prices/product-price.entity.ts';
import { publishOrders } from './publish-orders/publish-orders.ts';

export const ordering = defineService({
  name: 'ordering',
  config: OrderingConfig,
  module: OrderingModule,
  database: {
    entities: [
      Checkpoint,
      OrderSummary,
      ProductPrice,
      DeliveryAddress,
      OpenCheckout,
      ErasedCustomer,
    ],
    migrations: [
      ...eventStoreMigrations,
      OrderingTables1760000002000,
      OpenCheckouts1760000003000,
      OverdueCheckouts1760000010100,
    ],
    retention: (settings) => [addressRetention(settings)],
  },
  tasks: { rebuild: rebuildTask([rebuildable(orderSummary)], orderUpcasters) },
  everywhere: (parts, app) => [
    startWorker({ ...parts, name: 'price-view', channel: 'prices', idleMs: 5_000 }, () =>
      app.get(PriceFreshness).check(),
    ),
  ],
  work: (parts, app) => {
    const { database, units, leases, notifier, messaging, clock } = parts;
    const events = app.get(EventStore);
    const subscription = 'publish-orders';
    const settings = parts.config.values;
    const project = { ...parts, name: `projection:${orderSummary.name}`, channel: 'feed' };
    const heldBack = () =>
      settings.VIEW_DELAY_MS > 0 ? { until: clock.fromNow(-settings.VIEW_DELAY_MS) } : {};
    return [
      startRelay(eventFeedReader(subscription, events, publishOrders), messaging, leases, parts),
      startLeasedWorker(project, leases, async (lease) => {
        const moved = await runBatch(orderSummary, events, units, { lease, ...heldBack() });
        if (moved) notifier.notify(PROJECTION_ADVANCED);
        return moved;
      }),
      watchBacklog(
        'publisher',
        () => subscriptionBacklog(database, subscription),
        parts,
        ({ count, oldestSeconds }) => {
          metrics.subscriptionLagEvents.set({ subscription }, count);
          metrics.subscriptionOldestAgeSeconds.set({ subscription }, oldestSeconds);
        },
      ),
      watchCount(
        'overdue-checkouts',
        () => countOverdue(database),
        parts,
        (count) => checkoutsOverdue.set(count),
      ),
      app.get(ExpireDeadlines).start(parts),
      app.get(EraseCustomers).start(parts),
    ];
  },
});
