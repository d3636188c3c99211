import { Module } from '@nestjs/common';
import { Addresses, OrderingAddresses } from './dispatch-shipment/addresses.ts';
import { DispatchShipments } from './dispatch-shipment/dispatch-shipments.ts';
import { WhenCancellationIsRequested } from './on-cancellation-request/on-cancellation-request.ts';
import { WhenOrderConfirmed } from './on-order-confirmed/on-order-confirmed.ts';

/** The map of the service. Nobody tells it what to do: it hears that an order is confirmed, and acts. */
@Module({
  controllers: [WhenOrderConfirmed, WhenCancellationIsRequested],
  providers: [DispatchShipments, { provide: Addresses, useClass: OrderingAddresses }],
})
export class ShippingModule {}
