import { runService } from '@fieldguide/service';
import { paymentProvider } from './payment-provider.definition.ts';

void runService(paymentProvider);
