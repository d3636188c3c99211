import { Module } from '@nestjs/common';
import { DeliveryAddressController } from './delivery-address/delivery-address.controller.ts';
import { OrderSummaries } from './order-summary/order-summaries.ts';
import { OrderSummaryController } from './order-summary/order-summary.controller.ts';
import { OrderTimelineController } from './order-timeline/order-timeline.controller.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { PlaceOrderHandler } from './place-order/place-order.handler.ts';
import { Prices } from './place-order/prices.ts';
import { PriceView } from './product-prices/price-view.ts';
import { ProductPrices } from './product-prices/product-prices.ts';
import { WhenPaymentIsAnswered } from './when-payment-is-answered/when-payment-is-answered.ts';
import { WhenProductChanged } from './when-product-changed/when-product-changed.ts';
import { WhenShipmentDispatched } from './when-shipment-dispatched/when-shipment-dispatched.ts';
import { WhenStockIsAnswered } from './when-stock-is-answered/when-stock-is-answered.ts';

/** The map of the service: what it answers, what it listens to, what it leans on. */
@Module({
  controllers: [
    PlaceOrderController,
    OrderSummaryController,
    OrderTimelineController,
    DeliveryAddressController,
    WhenStockIsAnswered,
    WhenPaymentIsAnswered,
    WhenShipmentDispatched,
    WhenProductChanged,
  ],
  providers: [
    PlaceOrderHandler,
    OrderSummaries,
    PriceView,
    { provide: Prices, useClass: ProductPrices },
  ],
})
export class OrderingModule {}
