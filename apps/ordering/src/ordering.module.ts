import { ConfigModule } from '@fieldguide/config';
import { DatabaseModule, Retention } from '@fieldguide/database';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { EventPublishingModule } from '@fieldguide/event-publishing';
import { EventStoreModule, ProjectionsModule } from '@fieldguide/event-store';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { WorkersModule } from '@fieldguide/workers';
import { Module } from '@nestjs/common';
import { OrderingTables1760000002000 } from '../migrations/1760000002000-ordering-tables.ts';
import { OpenCheckouts1760000003000 } from '../migrations/1760000003000-open-checkouts.ts';
import { OverdueCheckouts1760000010100 } from '../migrations/1760000010100-overdue-checkouts.ts';
import { Sales1760000012000 } from '../migrations/1760000012000-sales.ts';
import { WaitingCheckouts1760000013000 } from '../migrations/1760000013000-waiting-checkouts.ts';
import { PriceView1760000015000 } from '../migrations/1760000015000-price-view.ts';
import { Admission } from './admission/admission.ts';
import { SampleBacklog } from './admission/sample-backlog.ts';
import { CancelOrderController } from './cancel-order/cancel-order.controller.ts';
import { CheckoutDeadlines, OpenCheckout } from './checkout/checkout-deadlines.ts';
import { CheckoutWatch } from './checkout/checkout-watch.ts';
import { ExpireDeadlines } from './checkout/expire-deadlines.ts';
import { OpenCheckoutsController } from './checkout/open-checkouts.controller.ts';
import { DeliveryAddress, ErasedCustomer } from './customer-data/customer-data.ts';
import { DeliveryAddressController } from './customer-data/delivery-address.controller.ts';
import { addressRetention } from './customer-data/delivery-address.retention.ts';
import { EraseCustomers } from './customer-data/erase-customers.ts';
import { OnCustomerErased } from './customer-data/on-customer-erased.ts';
import { EventInspectionController } from './event-inspection/event-inspection.controller.ts';
import { ProjectionsController } from './event-inspection/projections.controller.ts';
import { OnPaymentReply } from './on-payment-reply/on-payment-reply.ts';
import { OnShipmentReply } from './on-shipment-reply/on-shipment-reply.ts';
import { OnStockReply } from './on-stock-reply/on-stock-reply.ts';
import { orderUpcasters } from './order/order.upcasters.ts';
import { OrderCommandHandler } from './order/order-command-handler.ts';
import { PrefetchOrders } from './order/prefetch-orders.ts';
import { OrderSummaries } from './order-summary/order-summaries.ts';
import { OrderSummaryController } from './order-summary/order-summary.controller.ts';
import { OrderSummary } from './order-summary/order-summary.entity.ts';
import { orderSummary } from './order-summary/order-summary.projection.ts';
import { OrderTimelineController } from './order-timeline/order-timeline.controller.ts';
import { OrderingConfig } from './ordering.config.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { PlaceOrderHandler } from './place-order/place-order.ts';
import { OnProductChanged } from './prices/on-product-changed.ts';
import { PriceFreshness } from './prices/price-freshness.ts';
import { PriceView } from './prices/price-view.entity.ts';
import { Prices } from './prices/prices.ts';
import { ProductPrice } from './prices/product-price.entity.ts';
import { ProductPrices } from './prices/product-prices.ts';
import { commandLifetimes, orderMessages } from './publish-orders/publish-orders.ts';
import { SalesController } from './sales/sales.controller.ts';
import { Sales } from './sales/sales.entity.ts';
import { sales } from './sales/sales.projection.ts';

/** The map of the service: controllers, message handlers, providers. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'ordering' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    DatabaseModule.forRoot({
      entities: [
        OrderSummary,
        Sales,
        ProductPrice,
        PriceView,
        DeliveryAddress,
        OpenCheckout,
        ErasedCustomer,
      ],
      migrations: [
        OrderingTables1760000002000,
        OpenCheckouts1760000003000,
        OverdueCheckouts1760000010100,
        Sales1760000012000,
        WaitingCheckouts1760000013000,
        PriceView1760000015000,
      ],
    }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot({ prefetch: PrefetchOrders }),
    EventStoreModule.forRoot({ upcasters: orderUpcasters }),
    ProjectionsModule.forFeature(orderSummary),
    ProjectionsModule.forFeature(sales),
    EventPublishingModule.forRoot('publish-orders', orderMessages, {
      inject: OrderingConfig,
      useFactory: commandLifetimes,
    }),
    ConfigModule.forFeature(OrderingConfig),
  ],
  controllers: [
    PlaceOrderController,
    CancelOrderController,
    OrderSummaryController,
    OrderTimelineController,
    SalesController,
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
    Admission,
    SampleBacklog,
    PlaceOrderHandler,
    OrderSummaries,
    OrderCommandHandler,
    CheckoutDeadlines,
    ExpireDeadlines,
    EraseCustomers,
    PriceFreshness,
    CheckoutWatch,
    { provide: Retention, inject: [OrderingConfig], useFactory: addressRetention },
    { provide: Prices, useClass: ProductPrices },
  ],
})
export class OrderingModule {}
