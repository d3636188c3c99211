import { Module } from '@nestjs/common';
import { CancelOrderController } from './cancel-order/cancel-order.controller.ts';
import { DeliveryAddressController } from './delivery-address/delivery-address.controller.ts';
import { LookInsideController } from './look-inside/look-inside.controller.ts';
import { ProjectionsController } from './look-inside/projections.controller.ts';
import { OpenCheckoutsController } from './open-checkouts/open-checkouts.controller.ts';
import { OpenCheckouts } from './open-checkouts/open-checkouts.ts';
import { OrderSummaries } from './order-summary/order-summaries.ts';
import { OrderSummaryController } from './order-summary/order-summary.controller.ts';
import { OrderTimelineController } from './order-timeline/order-timeline.controller.ts';
import { PassDeadlines } from './pass-deadlines/pass-deadlines.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { PlaceOrderHandler } from './place-order/place-order.handler.ts';
import { Prices } from './place-order/prices.ts';
import { PriceView } from './product-prices/price-view.ts';
import { ProductPrices } from './product-prices/product-prices.ts';
import { EraseCustomers } from './when-customer-erased/erase-customers.ts';
import { WhenCustomerErased } from './when-customer-erased/when-customer-erased.ts';
import { WhenPaymentIsAnswered } from './when-payment-is-answered/when-payment-is-answered.ts';
import { WhenProductChanged } from './when-product-changed/when-product-changed.ts';
import { WhenShipmentIsAnswered } from './when-shipment-is-answered/when-shipment-is-answered.ts';
import { WhenStockIsAnswered } from './when-stock-is-answered/when-stock-is-answered.ts';

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
