import { Module } from '@nestjs/common';
import { CallProvider } from './call-provider/call-provider.ts';
import { HttpProvider, Provider } from './call-provider/provider.ts';
import { WhenPaymentIsRequested } from './on-payment-command/on-payment-command.ts';

/** The map of the service: requests come in as messages, workers call the provider, facts go out. */
@Module({
  controllers: [WhenPaymentIsRequested],
  providers: [CallProvider, { provide: Provider, useClass: HttpProvider }],
})
export class PaymentsModule {}
