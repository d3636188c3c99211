import { defineService } from '@fieldguide/service';
import { PaymentProviderConfig } from './payment-provider.config.ts';
import { PaymentProviderModule } from './payment-provider.module.ts';

export const paymentProvider = defineService({
  name: 'payment-provider',
  config: PaymentProviderConfig,
  module: PaymentProviderModule,
});
