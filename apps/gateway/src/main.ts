import { runService } from '@fieldguide/service';
import { GatewayModule } from './gateway.module.ts';

void runService(GatewayModule);
