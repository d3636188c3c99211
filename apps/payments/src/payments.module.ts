import { ConfigModule } from '@fieldguide/config';
import { DatabaseModule } from '@fieldguide/database';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { WorkersModule } from '@fieldguide/workers';
import { Module } from '@nestjs/common';
import { PaymentTables1760000002000 } from '../migrations/1760000002000-payment-tables.ts';
import { VoidedPayments1760000003000 } from '../migrations/1760000003000-voided-payments.ts';
import { HttpProvider, Provider } from './call-provider/provider.ts';
import { ProviderWorker } from './call-provider/provider-worker.ts';
import { OnPaymentCommand } from './on-payment-command/on-payment-command.ts';
import { PrefetchPayments } from './on-payment-command/prefetch-payments.ts';
import { Payment } from './payment/payment.entity.ts';
import { PaymentsConfig } from './payments.config.ts';

/** The map of the service: commands are consumed, a worker calls the provider, events are published. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'payments' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    DatabaseModule.forRoot({
      entities: [Payment],
      migrations: [PaymentTables1760000002000, VoidedPayments1760000003000],
    }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot({ prefetch: PrefetchPayments }),
    ConfigModule.forFeature(PaymentsConfig),
  ],
  controllers: [OnPaymentCommand],
  providers: [ProviderWorker, { provide: Provider, useClass: HttpProvider }],
})
export class PaymentsModule {}
