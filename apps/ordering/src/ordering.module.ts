import { EventStoreModule } from '@fieldguide/event-store';
import { Module } from '@nestjs/common';
import { CancelOrderController } from './cancel-order/cancel-order.controller.ts';
import { DeliveryAddressController } from './delivery-address/delivery-address.controller.ts';
import { EventInspectionController } from './event-inspection/event-inspection.controller.ts';
import { ProjectionsController } from './event-inspection/projections.controller.ts';
import { ExpireDeadlines } from './expire-deadlines/expire-deadlines.ts';
import { EraseCustomers } from './on-customer-erased/erase-customers.ts';
import { OnCustomerErased } from './on-customer-erased/on-customer-erased.ts';
import { OnPaymentReply } from './on-payment-reply/on-payment-reply.ts';
import { OnProductChanged } from './on-product-changed/on-product-changed.ts';
import { OnShipmentReply } from './on-shipment-reply/on-shipment-reply.ts';
import { OnStockReply } from './on-stock-reply/on-stock-reply.ts';
import { OpenCheckoutsController } from './open-checkouts/open-checkouts.controller.ts';
import { OpenCheckouts } from './open-checkouts/open-checkouts.ts';
import { orderUpcasters } from './order/order.upcasters.ts';
import { OrderSummaries } from './order-summary/order-summaries.ts';
import { OrderSummaryController } from './order-summary/order-summary.controller.ts';
import { OrderTimelineController } from './order-timeline/order-timeline.controller.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { PlaceOrderHandler } from './place-order/place-order.handler.ts';
import { Prices } from './place-order/prices.ts';
import { PriceFreshness } from './product-prices/price-freshness.ts';
import { ProductPrices } from './product-prices/product-prices.ts';

/** The map of the service: controllers, message handlers, providers. */
@Module({
  imports: [EventStoreModule.forRoot({ upcasters: orderUpcasters })],
  controllers: [
    PlaceOrderController,
    CancelOrderController,
    OrderSummaryController,
    OrderTimelineController,
    DeliveryAddressController,
    OpenCheckoutsController,
    EventInspectionController,
    ProjectionsController,
    OnStockReply,
    OnPaymentReply,
    OnShipmentReply,
    OnCustomerErased,
    OnProductChanged,
  ],
  providers: [
    PlaceOrderHandler,
    OrderSummaries,
    OpenCheckouts,
    ExpireDeadlines,
    EraseCustomers,
    PriceFreshness,
    { provide: Prices, useClass: ProductPrices },
  ],
})
export class OrderingModule {}
