import { runService } from '@fieldguide/service';
import { shipping } from './shipping.definition.ts';

void runService(shipping);
