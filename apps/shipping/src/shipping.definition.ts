import { defineService } from '@fieldguide/service';
import { ShippingTables1760000002000 } from '../migrations/1760000002000-shipping-tables.ts';
import { DispatchShipments } from './dispatch-shipment/dispatch-shipments.ts';
import { Shipment } from './shipment/shipment.entity.ts';
import { ShippingConfig } from './shipping.config.ts';
import { ShippingModule } from './shipping.module.ts';

export const shipping = defineService({
  name: 'shipping',
  config: ShippingConfig,
  module: ShippingModule,
  database: { entities: [Shipment], migrations: [ShippingTables1760000002000] },
  work: (parts, app) => [app.get(DispatchShipments).start(parts)],
});
