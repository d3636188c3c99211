import { runService } from '@fieldguide/service';
import { PaymentsModule } from './payments.module.ts';

void runService(PaymentsModule);
