import { runService } from '@fieldguide/service';
import { ShippingModule } from './shipping.module.ts';

void runService(ShippingModule);
