import { startLeasedLoop, startLoop } from '@fieldguide/database';
import { feedSource, projectNext } from '@fieldguide/event-store';
import { startRelay } from '@fieldguide/messaging';
import { runService } from '@fieldguide/service';
import { OrderingTables1760000002000 } from '../migrations/1760000002000-ordering-tables.ts';
import { DeliveryAddress } from './delivery-address/delivery-address.entity.ts';
import { OrderSummary } from './order-summary/order-summary.entity.ts';
import { orderSummary } from './order-summary/order-summary.projection.ts';
import { OrderingConfig } from './ordering.config.ts';
import { OrderingModule } from './ordering.module.ts';
import { PriceView } from './product-prices/price-view.ts';
import { ProductPrice } from './product-prices/product-price.entity.ts';
import { publisherOf } from './publish-orders/publish-orders.ts';

void runService({
  name: 'ordering',
  config: OrderingConfig,
  module: OrderingModule,
  database: {
    entities: [OrderSummary, ProductPrice, DeliveryAddress],
    migrations: [OrderingTables1760000002000],
    eventSourced: true,
  },
  work: (parts, app) => {
    const { events, units, leases, messaging } = parts;
    const project = { ...parts, name: `projection:${orderSummary.name}`, channel: 'feed' };
    return [
      startRelay(
        feedSource('publish-orders', events, units, publisherOf(events)),
        messaging,
        leases,
        parts,
      ),
      startLeasedLoop(project, leases, (lease) => projectNext(orderSummary, events, units, lease)),
      startLoop({ ...parts, name: 'price-view', channel: 'prices', idleMs: 5_000 }, () =>
        app.get(PriceView).check(),
      ),
    ];
  },
});
