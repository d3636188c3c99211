import { Module } from '@nestjs/common';
import { Addresses, OrderingAddresses } from './dispatch-shipment/addresses.ts';
import { DispatchShipments } from './dispatch-shipment/dispatch-shipments.ts';
import { WhenCancellationIsRequested } from './when-cancellation-is-requested/when-cancellation-is-requested.ts';
import { WhenOrderConfirmed } from './when-order-confirmed/when-order-confirmed.ts';

/** The map of the service. Nobody tells it what to do: it hears that an order is confirmed, and acts. */
@Module({
  controllers: [WhenOrderConfirmed, WhenCancellationIsRequested],
  providers: [DispatchShipments, { provide: Addresses, useClass: OrderingAddresses }],
})
export class ShippingModule {}
