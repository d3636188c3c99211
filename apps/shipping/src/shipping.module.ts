import { Module } from '@nestjs/common';
import { DeliveryAddresses, OrderingAddresses } from './dispatch-shipment/delivery-addresses.ts';
import { DispatchShipments } from './dispatch-shipment/dispatch-shipments.ts';
import { OnCancellationRequest } from './on-cancellation-request/on-cancellation-request.ts';
import { OnOrderConfirmed } from './on-order-confirmed/on-order-confirmed.ts';

/** The map of the service. Choreographed: it reacts to confirmed orders. */
@Module({
  controllers: [OnOrderConfirmed, OnCancellationRequest],
  providers: [DispatchShipments, { provide: DeliveryAddresses, useClass: OrderingAddresses }],
})
export class ShippingModule {}
