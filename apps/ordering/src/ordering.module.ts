import { EventStoreModule } from '@fieldguide/event-store';
import { Module } from '@nestjs/common';
import { CancelOrderController } from './cancel-order/cancel-order.controller.ts';
import { CheckoutDeadlines } from './checkout/checkout-deadlines.ts';
import { ExpireDeadlines } from './checkout/expire-deadlines.ts';
import { OpenCheckoutsController } from './checkout/open-checkouts.controller.ts';
import { DeliveryAddressController } from './customer-data/delivery-address.controller.ts';
import { EraseCustomers } from './customer-data/erase-customers.ts';
import { OnCustomerErased } from './customer-data/on-customer-erased.ts';
import { EventInspectionController } from './event-inspection/event-inspection.controller.ts';
import { ProjectionsController } from './event-inspection/projections.controller.ts';
import { OnPaymentReply } from './on-payment-reply/on-payment-reply.ts';
import { OnShipmentReply } from './on-shipment-reply/on-shipment-reply.ts';
import { OnStockReply } from './on-stock-reply/on-stock-reply.ts';
import { orderUpcasters } from './order/order.upcasters.ts';
import { OrderCommandHandler } from './order/order-command-handler.ts';
import { OrderSummaries } from './order-summary/order-summaries.ts';
import { OrderSummaryController } from './order-summary/order-summary.controller.ts';
import { OrderTimelineController } from './order-timeline/order-timeline.controller.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { PlaceOrderHandler } from './place-order/place-order.ts';
import { OnProductChanged } from './prices/on-product-changed.ts';
import { PriceFreshness } from './prices/price-freshness.ts';
import { Prices } from './prices/prices.ts';
import { ProductPrices } from './prices/product-prices.ts';

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
    OrderCommandHandler,
    CheckoutDeadlines,
    ExpireDeadlines,
    EraseCustomers,
    PriceFreshness,
    { provide: Prices, useClass: ProductPrices },
  ],
})
export class OrderingModule {}
