import { Module } from '@nestjs/common';
import { HttpProvider, Provider } from './call-provider/provider.ts';
import { ProviderWorker } from './call-provider/provider-worker.ts';
import { OnPaymentCommand } from './on-payment-command/on-payment-command.ts';

/** The map of the service: commands are consumed, a worker calls the provider, events are published. */
@Module({
  controllers: [OnPaymentCommand],
  providers: [ProviderWorker, { provide: Provider, useClass: HttpProvider }],
})
export class PaymentsModule {}
