import 'reflect-metadata';
import { createRequire } from 'node:module';

export { OrderingTables1760000002000 } from '@fieldguide/ordering/migrations/1760000002000-ordering-tables';
export { type OrderEvent, orderEvents } from '@fieldguide/ordering/order/order.events';
export { happyPath, orderPlaced } from '@fieldguide/ordering/order/order.examples';
export { order } from '@fieldguide/ordering/order/order.model';
export { orderUpcasters } from '@fieldguide/ordering/order/order.upcasters';
export type { Order } from '@fieldguide/ordering/order/order-state.model';
export { OrderSummary } from '@fieldguide/ordering/order-summary/order-summary.entity';
export { orderSummary } from '@fieldguide/ordering/order-summary/order-summary.projection';
export { Sales } from '@fieldguide/ordering/sales/sales.entity';
export { sales } from '@fieldguide/ordering/sales/sales.projection';

const require = createRequire(import.meta.url);

/** Returns the committed example of an event's data in one of its formats: `('PaymentVoided', 1)`. */
export function storedExample(type: string, format: number): object {
  return require(`@fieldguide/ordering/stored/${type}.v${format}.json`).example;
}
