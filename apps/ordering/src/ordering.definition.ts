import { startLeasedLoop, startLoop } from '@fieldguide/database';
import { feedSource, projectNext, rebuildable } from '@fieldguide/event-store';
import { startRelay } from '@fieldguide/messaging';
import { defineService } from '@fieldguide/service';
import { OrderingTables1760000002000 } from '../migrations/1760000002000-ordering-tables.ts';
import { OpenCheckouts1760000003000 } from '../migrations/1760000003000-open-checkouts.ts';
import { DeliveryAddress } from './delivery-address/delivery-address.entity.ts';
import { OpenCheckout } from './open-checkouts/open-checkout.entity.ts';
import { orderUpcasters } from './order/order.upcasters.ts';
import { OrderSummary } from './order-summary/order-summary.entity.ts';
import { orderSummary } from './order-summary/order-summary.projection.ts';
import { OrderingConfig } from './ordering.config.ts';
import { OrderingModule } from './ordering.module.ts';
import { PassDeadlines } from './pass-deadlines/pass-deadlines.ts';
import { PriceView } from './product-prices/price-view.ts';
import { ProductPrice } from './product-prices/product-price.entity.ts';
import { publisherOf } from './publish-orders/publish-orders.ts';
import { EraseCustomers } from './when-customer-erased/erase-customers.ts';
import { ErasedCustomer } from './when-customer-erased/erased-customer.entity.ts';

export const ordering = defineService({
  name: 'ordering',
  config: OrderingConfig,
  module: OrderingModule,
  database: {
    entities: [OrderSummary, ProductPrice, DeliveryAddress, OpenCheckout, ErasedCustomer],
    migrations: [OrderingTables1760000002000, OpenCheckouts1760000003000],
    eventSourced: true,
    upcasters: orderUpcasters,
    projections: [rebuildable(orderSummary)],
  },
  work: (parts, app) => {
    const { events, units, leases, messaging, clock } = parts;
    const settings = parts.config.values;
    const project = { ...parts, name: `projection:${orderSummary.name}`, channel: 'feed' };
    const heldBack = () =>
      settings.VIEW_DELAY_MS > 0 ? { until: clock.fromNow(-settings.VIEW_DELAY_MS) } : {};
    return [
      startRelay(
        feedSource('publish-orders', events, units, publisherOf(events)),
        messaging,
        leases,
        parts,
      ),
      startLeasedLoop(project, leases, (lease) =>
        projectNext(orderSummary, events, units, { lease, ...heldBack() }),
      ),
      app.get(PassDeadlines).start(parts),
      app.get(EraseCustomers).start(parts),
      startLoop({ ...parts, name: 'price-view', channel: 'prices', idleMs: 5_000 }, () =>
        app.get(PriceView).check(),
      ),
    ];
  },
});
