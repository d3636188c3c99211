import { defineService } from '@fieldguide/service';
import { PaymentTables1760000002000 } from '../migrations/1760000002000-payment-tables.ts';
import { VoidedPayments1760000003000 } from '../migrations/1760000003000-voided-payments.ts';
import { ProviderWorker } from './call-provider/provider-worker.ts';
import { Payment } from './payment/payment.entity.ts';
import { PaymentsConfig } from './payments.config.ts';
import { PaymentsModule } from './payments.module.ts';

export const payments = defineService({
  name: 'payments',
  config: PaymentsConfig,
  module: PaymentsModule,
  database: {
    entities: [Payment],
    migrations: [PaymentTables1760000002000, VoidedPayments1760000003000],
  },
  work: (parts, app) => [app.get(ProviderWorker).start(parts)],
});
