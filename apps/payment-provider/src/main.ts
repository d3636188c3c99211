import { runService } from '@fieldguide/service';
import { PaymentProviderModule } from './payment-provider.module.ts';

void runService(PaymentProviderModule);
