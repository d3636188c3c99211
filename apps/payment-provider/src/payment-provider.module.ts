import { ConfigModule } from '@fieldguide/config';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { ServiceModule } from '@fieldguide/service';
import { Module } from '@nestjs/common';
import { LedgerController } from './ledger/ledger.controller.ts';
import { Ledger } from './ledger/ledger.ts';
import { OperationsController } from './operations/operations.controller.ts';
import { PaymentProviderConfig } from './payment-provider.config.ts';

/** Simulates an external service; it knows nothing about ours: it checks an API key instead of tokens. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'payment-provider' }),
    ServiceDiscoveryModule.forRoot(),
    ConfigModule.forFeature(PaymentProviderConfig),
  ],
  controllers: [OperationsController, LedgerController],
  providers: [Ledger],
})
export class PaymentProviderModule {}
