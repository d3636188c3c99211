import { ConfigModule } from '@fieldguide/config';
import { DatabaseModule } from '@fieldguide/database';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { WorkersModule } from '@fieldguide/workers';
import { Module } from '@nestjs/common';
import { ShippingTables1760000002000 } from '../migrations/1760000002000-shipping-tables.ts';
import { DeliveryAddresses, OrderingAddresses } from './dispatch-shipment/delivery-addresses.ts';
import { DispatchShipments } from './dispatch-shipment/dispatch-shipments.ts';
import { OnCancellationRequest } from './on-cancellation-request/on-cancellation-request.ts';
import { OnOrderConfirmed } from './on-order-confirmed/on-order-confirmed.ts';
import { PrefetchShipments } from './shipment/prefetch-shipments.ts';
import { Shipment } from './shipment/shipment.entity.ts';
import { ShippingConfig } from './shipping.config.ts';

/** The map of the service. Choreographed: it reacts to confirmed orders. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'shipping' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    DatabaseModule.forRoot({
      entities: [Shipment],
      migrations: [ShippingTables1760000002000],
    }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot({ prefetch: PrefetchShipments }),
    ConfigModule.forFeature(ShippingConfig),
  ],
  controllers: [OnOrderConfirmed, OnCancellationRequest],
  providers: [DispatchShipments, { provide: DeliveryAddresses, useClass: OrderingAddresses }],
})
export class ShippingModule {}
