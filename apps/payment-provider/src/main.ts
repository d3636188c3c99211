import { runService } from '@fieldguide/service';
import { PaymentProviderConfig } from './payment-provider.config.ts';
import { PaymentProviderModule } from './payment-provider.module.ts';

void runService({
  name: 'payment-provider',
  config: PaymentProviderConfig,
  module: PaymentProviderModule,
});
