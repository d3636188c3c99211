import { Module } from '@nestjs/common';
import { CancelOrderController } from './cancel-order/cancel-order.controller.ts';
import { DeliveryAddressController } from './delivery-address/delivery-address.controller.ts';
import { LookInsideController } from './event-inspection/event-inspection.controller.ts';
import { ProjectionsController } from './event-inspection/projections.controller.ts';
import { PassDeadlines } from './expire-deadlines/expire-deadlines.ts';
import { EraseCustomers } from './on-customer-erased/erase-customers.ts';
import { WhenCustomerErased } from './on-customer-erased/on-customer-erased.ts';
import { WhenPaymentIsAnswered } from './on-payment-reply/on-payment-reply.ts';
import { WhenProductChanged } from './on-product-changed/on-product-changed.ts';
import { WhenShipmentIsAnswered } from './on-shipment-reply/on-shipment-reply.ts';
import { WhenStockIsAnswered } from './on-stock-reply/on-stock-reply.ts';
import { OpenCheckoutsController } from './open-checkouts/open-checkouts.controller.ts';
import { OpenCheckouts } from './open-checkouts/open-checkouts.ts';
import { OrderSummaries } from './order-summary/order-summaries.ts';
import { OrderSummaryController } from './order-summary/order-summary.controller.ts';
import { OrderTimelineController } from './order-timeline/order-timeline.controller.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { PlaceOrderHandler } from './place-order/place-order.handler.ts';
import { Prices } from './place-order/prices.ts';
import { PriceView } from './product-prices/price-freshness.ts';
import { ProductPrices } from './product-prices/product-prices.ts';

/** The map of the service: what it answers, what it listens to, what it leans on. */
@Module({
  controllers: [
    PlaceOrderController,
    CancelOrderController,
    OrderSummaryController,
    OrderTimelineController,
    DeliveryAddressController,
    OpenCheckoutsController,
    LookInsideController,
    ProjectionsController,
    WhenStockIsAnswered,
    WhenPaymentIsAnswered,
    WhenShipmentIsAnswered,
    WhenCustomerErased,
    WhenProductChanged,
  ],
  providers: [
    PlaceOrderHandler,
    OrderSummaries,
    OpenCheckouts,
    PassDeadlines,
    EraseCustomers,
    PriceView,
    { provide: Prices, useClass: ProductPrices },
  ],
})
export class OrderingModule {}
